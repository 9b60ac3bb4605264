//! Order groups: sets of orders that the venue cancels together when they fill too much.
//!
//! Source: reference section 12.1, 2026-11-20.

use brier_kalshi_protocol::rest::{
    CreateOrderGroupRequest, CreateOrderGroupResponse, Empty, GetOrderGroupResponse, GetOrderGroupsResponse, Operation,
    OrderGroup, UpdateOrderGroupLimitRequest,
};
use brier_types::{OrderGroupId, Qty};

use crate::client::Client;
use crate::error::KalshiError;
use crate::request::Call;
use crate::retry::Repeat;

impl Client {
    /// All order groups.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn order_groups(&self) -> Result<Vec<OrderGroup>, KalshiError> {
        let call = Call::new("list order groups", Operation::GetOrderGroups, &[])?;
        Ok(self.json::<GetOrderGroupsResponse>(&call).await?.order_groups)
    }

    /// One order group with the ids of its orders.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn order_group(&self, group: &OrderGroupId) -> Result<GetOrderGroupResponse, KalshiError> {
        self.json(&Call::new("read order group", Operation::GetOrderGroup, &[group.as_str()])?).await
    }

    /// Makes a group that trips when its orders fill `limit` contracts within 15 seconds.
    ///
    /// # Errors
    /// Those of a write that is made once: in doubt after silence.
    pub async fn create_order_group(&self, limit: Qty) -> Result<CreateOrderGroupResponse, KalshiError> {
        let body = CreateOrderGroupRequest { contracts_limit_fp: Some(limit), ..CreateOrderGroupRequest::default() };
        let call = Call::new("create order group", Operation::CreateOrderGroup, &[])?.json(&body)?;
        self.json(&call).await
    }

    /// Deletes a group and cancels its orders.
    ///
    /// # Errors
    /// Those of a write that may be repeated.
    pub async fn delete_order_group(&self, group: &OrderGroupId) -> Result<(), KalshiError> {
        let call = Call::new("delete order group", Operation::DeleteOrderGroup, &[group.as_str()])?;
        self.run(&call.repeat(Repeat::Safe)).await.map(drop)
    }

    /// Gives a group another limit.
    ///
    /// # Errors
    /// Those of a write that is made once: in doubt after silence.
    pub async fn set_order_group_limit(&self, group: &OrderGroupId, limit: Qty) -> Result<(), KalshiError> {
        let body = UpdateOrderGroupLimitRequest { contracts_limit: None, contracts_limit_fp: Some(limit) };
        let call =
            Call::new("set order group limit", Operation::UpdateOrderGroupLimit, &[group.as_str()])?.json(&body)?;
        self.run(&call).await.map(drop)
    }

    /// Clears a group's counter and its trip.
    ///
    /// # Errors
    /// Those of a write that is made once: in doubt after silence.
    pub async fn reset_order_group(&self, group: &OrderGroupId) -> Result<(), KalshiError> {
        let call = Call::new("reset order group", Operation::ResetOrderGroup, &[group.as_str()])?.json(&Empty {})?;
        self.run(&call).await.map(drop)
    }

    /// Trips a group now: all its orders are canceled.
    ///
    /// # Errors
    /// Those of a write that may be repeated.
    pub async fn trigger_order_group(&self, group: &OrderGroupId) -> Result<(), KalshiError> {
        let call =
            Call::new("trigger order group", Operation::TriggerOrderGroup, &[group.as_str()])?.json(&Empty {})?;
        self.run(&call.repeat(Repeat::Safe)).await.map(drop)
    }
}
