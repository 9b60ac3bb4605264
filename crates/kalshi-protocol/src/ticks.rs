//! The venue's price grids: `price_ranges`, and the labels that name the usual ones.
//!
//! Invariant: the ranges lead. A label is only a name, and new ones come without notice, so it is used where ranges are
//! absent and never to contradict them.
//!
//! Source: reference section 6.2 (docs.kalshi.com "subpenny pricing"), 2026-11-20.

use brier_types::{Band, GridError, Price, PriceGrid};

use crate::rest::PriceRange;

/// A known `price_level_structure` in pips of $0.0001: up to `edge` and from $1 less `edge` the step is `outer`, between
/// them `inner`. An edge of 0 means one band.
struct Structure {
    label: &'static str,
    edge: u16,
    outer: u16,
    inner: u16,
}

const fn uniform(label: &'static str, step: u16) -> Structure {
    Structure { label, edge: 0, outer: step, inner: step }
}

const fn edged(label: &'static str, edge: u16, outer: u16, inner: u16) -> Structure {
    Structure { label, edge, outer, inner }
}

const STRUCTURES: [Structure; 12] = [
    uniform("linear_cent", 100),
    uniform("deci_cent", 10),
    edged("tapered_deci_cent", 1_000, 10, 100),
    edged("center_whole_edge_half_cent", 1_000, 50, 100),
    edged("center_whole_edge_quint_cent", 1_000, 20, 100),
    uniform("center_half_edge_half_cent", 50),
    edged("center_half_edge_quint_cent", 1_000, 20, 50),
    edged("center_half_edge_deci_cent", 1_000, 10, 50),
    uniform("center_quint_edge_quint_cent", 20),
    edged("center_quint_edge_deci_cent", 1_000, 10, 20),
    uniform("center_centi_edge_centi_cent", 1),
    edged("center_deci_edge_centi_cent", 100, 1, 10),
];

/// Neither ranges nor label give a grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TickError {
    /// The ranges are no grid.
    #[error("`price_ranges`: {0}")]
    Ranges(#[from] GridError),
    /// There are no ranges, and the label is unknown.
    #[error("price grid: expected `price_ranges` or a known `price_level_structure`, found label `{label}`")]
    Unknown {
        /// The label.
        label: String,
    },
}

impl Structure {
    fn grid(&self) -> PriceGrid {
        let pips = |pips| Price::new(pips).expect("the table holds prices");
        let band = |start, end, step| Band { start: pips(start), end: pips(end), step: pips(step) };
        let bands = if self.edge == 0 {
            vec![band(0, 10_000, self.outer)]
        } else {
            let (low, high) = (self.edge, 10_000 - self.edge);
            vec![band(0, low, self.outer), band(low, high, self.inner), band(high, 10_000, self.outer)]
        };
        PriceGrid::new(bands).expect("the table's bands are whole")
    }
}

/// The grid of a known `price_level_structure`, or `None` for a label this version does not know.
pub fn grid_of_label(label: &str) -> Option<PriceGrid> {
    STRUCTURES.iter().find(|structure| structure.label == label).map(Structure::grid)
}

/// The label of a grid, or `""`, which the venue's schema allows, for one that has none.
pub fn label_of_grid(grid: &PriceGrid) -> &'static str {
    STRUCTURES.iter().find(|structure| structure.grid() == *grid).map_or("", |structure| structure.label)
}

/// Every known label.
pub fn labels() -> impl Iterator<Item = &'static str> {
    STRUCTURES.iter().map(|structure| structure.label)
}

/// The grid that ranges spell out.
///
/// # Errors
/// [`GridError`] when they leave a hole, do not span $0 to $1, or a step does not divide its band. Do not trade the market.
pub fn grid_of_ranges(ranges: &[PriceRange]) -> Result<PriceGrid, GridError> {
    PriceGrid::new(ranges.iter().map(|&PriceRange { start, end, step }| Band { start, end, step }).collect())
}

/// The ranges that spell out a grid.
pub fn ranges_of_grid(grid: &PriceGrid) -> Vec<PriceRange> {
    grid.bands().iter().map(|&Band { start, end, step }| PriceRange { start, end, step }).collect()
}

/// The grid of a market: its ranges if it has any, else its label.
///
/// # Errors
/// [`TickError`] when the ranges are no grid, or there are none and the label is unknown. Do not trade the market.
pub fn grid(label: &str, ranges: &[PriceRange]) -> Result<PriceGrid, TickError> {
    if ranges.is_empty() {
        return grid_of_label(label).ok_or_else(|| TickError::Unknown { label: label.to_owned() });
    }
    Ok(grid_of_ranges(ranges)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_table_of_the_reference() {
        let mut table = String::new();
        for label in labels() {
            let grid = grid_of_label(label).unwrap();
            let bands: Vec<String> =
                grid.bands().iter().map(|band| format!("{}..{} by {}", band.start, band.end, band.step)).collect();
            table.push_str(&[label, ": ", &bands.join(", "), "\n"].concat());
        }
        expect![[r"
            linear_cent: 0.0000..1.0000 by 0.0100
            deci_cent: 0.0000..1.0000 by 0.0010
            tapered_deci_cent: 0.0000..0.1000 by 0.0010, 0.1000..0.9000 by 0.0100, 0.9000..1.0000 by 0.0010
            center_whole_edge_half_cent: 0.0000..0.1000 by 0.0050, 0.1000..0.9000 by 0.0100, 0.9000..1.0000 by 0.0050
            center_whole_edge_quint_cent: 0.0000..0.1000 by 0.0020, 0.1000..0.9000 by 0.0100, 0.9000..1.0000 by 0.0020
            center_half_edge_half_cent: 0.0000..1.0000 by 0.0050
            center_half_edge_quint_cent: 0.0000..0.1000 by 0.0020, 0.1000..0.9000 by 0.0050, 0.9000..1.0000 by 0.0020
            center_half_edge_deci_cent: 0.0000..0.1000 by 0.0010, 0.1000..0.9000 by 0.0050, 0.9000..1.0000 by 0.0010
            center_quint_edge_quint_cent: 0.0000..1.0000 by 0.0020
            center_quint_edge_deci_cent: 0.0000..0.1000 by 0.0010, 0.1000..0.9000 by 0.0020, 0.9000..1.0000 by 0.0010
            center_centi_edge_centi_cent: 0.0000..1.0000 by 0.0001
            center_deci_edge_centi_cent: 0.0000..0.0100 by 0.0001, 0.0100..0.9900 by 0.0010, 0.9900..1.0000 by 0.0001
        "]]
        .assert_eq(&table);
    }

    #[test]
    fn whole_cents_are_valid_in_every_structure_and_labels_are_unique() {
        for label in labels() {
            let grid = grid_of_label(label).unwrap();
            assert!((1..100).all(|cents| grid.allows(Price::from_cents(cents).unwrap())), "{label}");
            assert_eq!(label_of_grid(&grid), label);
            assert_eq!(grid_of_ranges(&ranges_of_grid(&grid)), Ok(grid));
        }
    }

    #[test]
    fn ranges_lead_over_the_label() {
        let json = r#"[{"start":"0.0000","end":"1.0000","step":"0.0010"}]"#;
        let ranges: Vec<PriceRange> = serde_json::from_str(json).unwrap();
        let fine = grid("linear_cent", &ranges).unwrap();
        assert!(fine.allows("0.421".parse().unwrap()));
        assert_eq!(grid("banded_centi_cent", &ranges).unwrap(), fine);
        assert_eq!(serde_json::to_string(&ranges_of_grid(&fine)).unwrap(), json);
        assert_eq!(grid("linear_cent", &[]).unwrap(), grid_of_label("linear_cent").unwrap());
        assert_eq!(
            grid("banded_centi_cent", &[]).unwrap_err().to_string(),
            "price grid: expected `price_ranges` or a known `price_level_structure`, found label `banded_centi_cent`"
        );
        let hole = PriceRange { start: "0.5".parse().unwrap(), ..ranges[0] };
        assert!(matches!(grid("linear_cent", &[hole]), Err(TickError::Ranges(GridError::Bounds { .. }))));
    }
}
