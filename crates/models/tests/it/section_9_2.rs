//! Section 9.2: hold or exit.

use brier_models::convergence::Holding;

use crate::{check, p, taker_fee};

#[test]
fn near_certain_and_close() {
    let exit_value = 0.955 - taker_fee(0.955);
    check(exit_value, "0.951992");
    let verdict = Holding { fair: p(0.97), exit_value, days: 10.0, hurdle: 0.05 }.verdict().unwrap();
    check(verdict.hold_value, "0.968673");
    check(verdict.annual_return.unwrap(), "0.690448");
    assert!(!verdict.exit);
}

#[test]
fn the_hurdle_decides() {
    let exit_value = 0.79 - taker_fee(0.79);
    check(exit_value, "0.778387");
    let position = Holding { fair: p(0.80), exit_value, days: 60.0, hurdle: 0.05 };
    let patient = position.verdict().unwrap();
    check(patient.hold_value, "0.793478");
    check(patient.annual_return.unwrap(), "0.168912");
    assert!(!patient.exit);
    let busy = Holding { hurdle: 0.20, ..position }.verdict().unwrap();
    check(busy.hold_value, "0.774536");
    assert!(busy.exit);
}
