//! Order groups.
//!
//! Source: reference section 12.1, 2026-11-20. `is_auto_cancel_enabled` reads false once a group was triggered, until it
//! is reset: the page does not say, and this is what the word means.

use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::{
    CreateOrderGroupRequest, CreateOrderGroupResponse, Empty, GetOrderGroupResponse, GetOrderGroupsResponse, Operation,
    OrderGroup, OrderGroupQuery, SubaccountQuery, UpdateOrderGroupLimitRequest, group_limit,
};
use brier_matching::{AccountId, GroupCommand, GroupId, GroupView, Reply};

use super::orders::check_place;
use super::{Answer, Call, Failure, json};
use crate::core::Core;
use crate::ids;
use crate::record::Record;
use crate::state::{Outcome, State};

fn own(state: &State, account: AccountId, group: GroupId) -> Option<GroupView> {
    state.exchange.group(group).filter(|view| view.account == account)
}

pub(super) async fn list(call: Call) -> Result<Answer, Failure> {
    check_place(SubaccountQuery::parse(&call.query)?.subaccount, None)?;
    let account = call.caller().account;
    let order_groups = call.app.core.call(move |core| {
        let state = &core.state;
        let live = state.user(account).groups.iter().filter_map(|id| Some((*id, own(state, account, *id)?)));
        let group = |(id, view): (GroupId, GroupView)| OrderGroup {
            id: ids::group_text(id),
            contracts_limit_fp: Some(view.limit),
            is_auto_cancel_enabled: !view.triggered,
            exchange_index: Some(0),
        };
        live.map(group).collect()
    });
    json(&GetOrderGroupsResponse { order_groups: order_groups.await? })
}

pub(super) async fn one(call: Call) -> Result<Answer, Failure> {
    check_place(SubaccountQuery::parse(&call.query)?.subaccount, None)?;
    let account = call.caller().account;
    let group = ids::group_id(call.part(0)).ok_or(Code::NotFound)?;
    let found = call.app.core.call(move |core| {
        let view = own(&core.state, account, group)?;
        Some(GetOrderGroupResponse {
            is_auto_cancel_enabled: !view.triggered,
            contracts_limit_fp: Some(view.limit),
            orders: core.state.exchange.group_orders(group).map(ids::order_text).collect(),
            exchange_index: Some(0),
        })
    });
    json(&found.await?.ok_or(Code::NotFound)?)
}

pub(super) async fn create(call: Call) -> Result<Answer, Failure> {
    let request: CreateOrderGroupRequest = call.json().map_err(Failure::of_limit)?;
    check_place(request.subaccount, request.exchange_index)?;
    let limit = group_limit(request.contracts_limit, request.contracts_limit_fp);
    let limit = limit.map_err(|error| Failure::with_details(&Code::InvalidParameters, error.to_string()))?;
    let account = call.caller().account;
    let outcome = call.app.core.call(move |core| core.submit(Record::CreateGroup { account, limit })).await??;
    let Outcome::Reply(Reply::Group(group)) = outcome else { return Err(Code::InternalServerError.into()) };
    let (order_group_id, exchange_index) = (ids::group_text(group), Some(0));
    Answer::created(&CreateOrderGroupResponse { order_group_id, subaccount: 0, exchange_index })
}

pub(super) async fn change(operation: Operation, call: Call) -> Result<Answer, Failure> {
    let query = OrderGroupQuery::parse(&call.query)?;
    check_place(query.subaccount, query.exchange_index)?;
    let change = match operation {
        Operation::UpdateOrderGroupLimit => {
            let request: UpdateOrderGroupLimitRequest = call.json().map_err(Failure::of_limit)?;
            let limit = group_limit(request.contracts_limit, request.contracts_limit_fp);
            let limit = limit.map_err(|error| Failure::with_details(&Code::InvalidParameters, error.to_string()))?;
            GroupCommand::SetLimit(limit)
        }
        Operation::ResetOrderGroup => GroupCommand::Reset,
        Operation::TriggerOrderGroup => GroupCommand::Trigger,
        Operation::DeleteOrderGroup => GroupCommand::Delete,
        _ => return Err(Code::NotFound.into()),
    };
    let account = call.caller().account;
    let group = ids::group_id(call.part(0)).ok_or(Code::NotFound)?;
    let work = move |core: &mut Core| core.submit(Record::ChangeGroup { account, group, change });
    call.app.core.call(work).await??;
    json(&Empty {})
}
