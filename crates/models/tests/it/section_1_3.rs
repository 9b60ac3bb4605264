//! Section 1.3: how strikes of temperature markets become whole degrees.

use brier_models::rounded::Bucket;

#[test]
fn strikes_become_inclusive_degrees() {
    assert_eq!(Bucket::between(85.0, 86.0, 1.0), Some(Bucket::Between(85, 86)), "B85.5");
    assert_eq!(Bucket::above(87.0, 1.0), Some(Bucket::AtLeast(88)), "T87, greater");
    assert_eq!(Bucket::below(80.0, 1.0), Some(Bucket::AtMost(79)), "T80, less");
}
