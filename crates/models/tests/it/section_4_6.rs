//! Section 4.6: inflation from its nowcast.

use brier_models::distribution::Shape;
use brier_models::nowcast::Nowcast;
use brier_models::rounded::Bucket;

use crate::check_prob;

#[test]
fn nowcast_to_one_decimal() {
    let cpi = Nowcast::new(0.27, 0.09, 0.1, Shape::Normal).unwrap();
    check_prob(cpi.probability(Bucket::above(0.2, 0.1).unwrap()), "0.587930");
    check_prob(cpi.probability(Bucket::at_least(0.3, 0.1).unwrap()), "0.587930");
    check_prob(cpi.probability(Bucket::between(0.3, 0.3, 0.1).unwrap()), "0.400898");
}
