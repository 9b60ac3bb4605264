//! Order groups: sets of orders that the venue cancels together when they fill too much.
//!
//! Source: reference section 12.1, 2026-11-20.

use brier_kalshi_protocol::rest::{
    CreateOrderGroupRequest, CreateOrderGroupResponse, Empty, GetOrderGroupResponse, GetOrderGroupsResponse,
    OrderGroup, UpdateOrderGroupLimitRequest,
};
use brier_types::{OrderGroupId, Qty};
use reqwest::Method;

use crate::client::Client;
use crate::error::KalshiError;
use crate::request::Call;
use crate::retry::Repeat;

const ONE: &str = "/portfolio/order_groups/{order_group_id}";
const LIMIT: &str = "/portfolio/order_groups/{order_group_id}/limit";
const RESET: &str = "/portfolio/order_groups/{order_group_id}/reset";
const TRIGGER: &str = "/portfolio/order_groups/{order_group_id}/trigger";

impl Client {
    /// All order groups.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn order_groups(&self) -> Result<Vec<OrderGroup>, KalshiError> {
        let call = Call::new("list order groups", Method::GET, "/portfolio/order_groups", &[])?;
        Ok(self.json::<GetOrderGroupsResponse>(&call).await?.order_groups)
    }

    /// One order group with the ids of its orders.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn order_group(&self, group: &OrderGroupId) -> Result<GetOrderGroupResponse, KalshiError> {
        self.json(&Call::new("read order group", Method::GET, ONE, &[group.as_str()])?).await
    }

    /// Makes a group that trips when its orders fill `limit` contracts within 15 seconds.
    ///
    /// # Errors
    /// Those of a write that is made once: in doubt after silence.
    pub async fn create_order_group(&self, limit: Qty) -> Result<CreateOrderGroupResponse, KalshiError> {
        let body = CreateOrderGroupRequest { contracts_limit_fp: Some(limit), ..CreateOrderGroupRequest::default() };
        let call = Call::new("create order group", Method::POST, "/portfolio/order_groups/create", &[])?.json(&body)?;
        self.json(&call).await
    }

    /// Deletes a group and cancels its orders.
    ///
    /// # Errors
    /// Those of a write that may be repeated.
    pub async fn delete_order_group(&self, group: &OrderGroupId) -> Result<(), KalshiError> {
        let call = Call::new("delete order group", Method::DELETE, ONE, &[group.as_str()])?;
        self.json::<Empty>(&call.repeat(Repeat::Safe)).await.map(drop)
    }

    /// Gives a group another limit.
    ///
    /// # Errors
    /// Those of a write that is made once: in doubt after silence.
    pub async fn set_order_group_limit(&self, group: &OrderGroupId, limit: Qty) -> Result<(), KalshiError> {
        let body = UpdateOrderGroupLimitRequest { contracts_limit: None, contracts_limit_fp: Some(limit) };
        let call = Call::new("set order group limit", Method::PUT, LIMIT, &[group.as_str()])?.json(&body)?;
        self.json::<Empty>(&call).await.map(drop)
    }

    /// Clears a group's counter and its trip.
    ///
    /// # Errors
    /// Those of a write that is made once: in doubt after silence.
    pub async fn reset_order_group(&self, group: &OrderGroupId) -> Result<(), KalshiError> {
        let call = Call::new("reset order group", Method::PUT, RESET, &[group.as_str()])?.json(&Empty {})?;
        self.json::<Empty>(&call).await.map(drop)
    }

    /// Trips a group now: all its orders are canceled.
    ///
    /// # Errors
    /// Those of a write that may be repeated.
    pub async fn trigger_order_group(&self, group: &OrderGroupId) -> Result<(), KalshiError> {
        let call = Call::new("trigger order group", Method::PUT, TRIGGER, &[group.as_str()])?.json(&Empty {})?;
        self.json::<Empty>(&call.repeat(Repeat::Safe)).await.map(drop)
    }
}
