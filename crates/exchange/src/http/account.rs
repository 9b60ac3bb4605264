//! Exchange status and schedule, the age of portfolio reads, limits and costs.
//!
//! Source: reference sections 5, 7 and 13, 2026-11-20.

use brier_kalshi_protocol::costs;
use brier_kalshi_protocol::rest::{
    DailySchedule, ExchangeIndexStatus, ExchangeStatus, GetAccountApiLimitsResponse, GetExchangeScheduleResponse,
    GetUserDataTimestampResponse, Schedule, WeeklySchedule,
};
use brier_types::Timestamp;

use super::{Answer, Call, Failure, json};

pub(super) async fn status(call: Call) -> Result<Answer, Failure> {
    let (exchange, trading) = call.app.core.call(|core| core.state.exchange.active()).await?;
    json(&ExchangeStatus {
        exchange_active: exchange,
        trading_active: exchange && trading,
        intra_exchange_transfers_active: Some(false),
        exchange_estimated_resume_time: None,
        exchange_index_statuses: Some(vec![ExchangeIndexStatus {
            exchange_index: 0,
            description: "Brier, all markets".to_owned(),
            exchange_active: exchange,
            trading_active: exchange && trading,
            intra_exchange_transfers_active: false,
        }]),
    })
}

/// Open around the clock: this exchange has no maintenance of its own.
pub(super) fn schedule() -> Result<Answer, Failure> {
    let day = || vec![DailySchedule { open_time: "00:00".to_owned(), close_time: "24:00".to_owned() }];
    let far = Timestamp::from_secs(4_102_444_800).unwrap_or(Timestamp::MAX);
    json(&GetExchangeScheduleResponse {
        schedule: Schedule {
            standard_hours: vec![WeeklySchedule {
                start_time: Timestamp::EPOCH,
                end_time: far,
                monday: day(),
                tuesday: day(),
                wednesday: day(),
                thursday: day(),
                friday: day(),
                saturday: day(),
                sunday: day(),
            }],
            maintenance_windows: Vec::new(),
        },
    })
}

/// Reads never lag here: they are as of now.
pub(super) async fn user_data_timestamp(call: Call) -> Result<Answer, Failure> {
    let as_of_time = call.app.core.call(|core| core.now()).await?;
    json(&GetUserDataTimestampResponse { as_of_time })
}

pub(super) async fn limits(call: Call) -> Result<Answer, Failure> {
    let account = call.caller().account;
    let limits = call.app.core.call(move |core| core.state.user(account).limits.clone()).await?;
    json(&GetAccountApiLimitsResponse {
        usage_tier: limits.tier,
        read: limits.read,
        write: limits.write,
        grants: Vec::new(),
    })
}

pub(super) fn endpoint_costs() -> Result<Answer, Failure> {
    json(&costs::reference_response())
}
