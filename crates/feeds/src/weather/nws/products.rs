//! The service's text products: the list of climate reports, and one of them.
//!
//! Source: reference (feeds), section 1.1, 2026-11-20.

use brier_types::Timestamp;
use serde::Deserialize;

use super::{VENDOR, moment, problem};
use crate::error::FeedError;
use crate::json;
use crate::request::{Request, segment};

/// Asks for the climate reports of a location, the three letters of the report's name (`NYC`), not an office. The list
/// reaches back about five days.
pub fn climate_reports(location: &str) -> Request {
    Request::get(VENDOR, format!("/products/types/CLI/locations/{}", segment(location))).conditional()
}

/// A product of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRef {
    /// What to ask for with [`product`].
    pub id: String,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// Reads the answer of [`climate_reports`], newest first whatever its own order.
///
/// # Errors
/// [`FeedError`].
pub fn parse_products(body: &[u8]) -> Result<Vec<ProductRef>, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        id: String,
        issuance_time: String,
    }
    #[derive(Deserialize)]
    struct List {
        #[serde(rename = "@graph")]
        graph: Option<Vec<Row>>,
    }
    let found: List = json::parse(VENDOR, "/products", body)?;
    let rows = found.graph.ok_or_else(|| problem("/products", body))?;
    let read = |row: Row| {
        let issued_at = moment("/products issuanceTime", Some(&row.issuance_time))?;
        Ok(ProductRef { id: row.id, issued_at })
    };
    let mut out: Vec<ProductRef> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    out.sort_by(|one, two| two.issued_at.cmp(&one.issued_at).then_with(|| one.id.cmp(&two.id)));
    Ok(out)
}

/// Asks for one product.
pub fn product(id: &str) -> Request {
    Request::get(VENDOR, format!("/products/{}", segment(id)))
}

/// One product with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// When it was issued: its age.
    pub issued_at: Timestamp,
    /// The text as the office wrote it.
    pub text: String,
}

/// Reads the answer of [`product`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_product(body: &[u8]) -> Result<Product, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Found {
        issuance_time: Option<String>,
        product_text: Option<String>,
    }
    let found: Found = json::parse(VENDOR, "/products", body)?;
    let text = found.product_text.ok_or_else(|| problem("/products", body))?;
    Ok(Product { issued_at: moment("/products issuanceTime", found.issuance_time.as_deref())?, text })
}
