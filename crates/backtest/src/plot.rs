//! Reliability curves as SVG: what was said against how often it happened.

use anyhow::{Context as _, anyhow};
use brier_models::calibration::Scored;
use brier_models::calibration::reliability::Curve;
use plotters::prelude::*;

use crate::history::Set;
use crate::score::BINS;

/// Width and height, in pixels.
const SIZE: (u32, u32) = (480, 480);

/// The curves of a set, the market's and, where there is one, the model's, over all times before the close. `None` when
/// the set has no quotes.
///
/// # Errors
/// When the picture cannot be drawn.
pub fn reliability(set: &Set) -> anyhow::Result<Option<String>> {
    let said = |of: fn(&crate::history::Quoted) -> Option<brier_types::Prob>| -> Vec<Scored> {
        let scored = |quote| Some(Scored { forecast: of(quote)?, happened: quote.yes });
        set.quotes.iter().filter_map(scored).collect()
    };
    let Some(market) = Curve::of(&said(|quote| Some(quote.mid)), BINS) else { return Ok(None) };
    let mut curves = vec![("market", BLACK, market)];
    curves.extend(Curve::of(&said(|quote| quote.model), BINS).map(|model| ("model", BLUE, model)));
    let mut svg = String::new();
    draw(set, &curves, &mut svg).with_context(|| format!("plot of {}", set.name))?;
    Ok(Some(svg))
}

fn draw(set: &Set, curves: &[(&str, RGBColor, Curve)], svg: &mut String) -> anyhow::Result<()> {
    let failed = |error: &dyn std::fmt::Display| anyhow!("{error}");
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let mut chart = ChartBuilder::on(&area);
    let mut chart = chart
        .caption(format!("{}: {}", set.name, set.what), ("sans-serif", 15))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)
        .map_err(|error| failed(&error))?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("said").y_desc("happened, 95 %").draw().map_err(|error| failed(&error))?;
    let diagonal = LineSeries::new([(0.0, 0.0), (1.0, 1.0)], BLACK.mix(0.25));
    chart.draw_series(diagonal).map_err(|error| failed(&error))?;
    for (name, color, curve) in curves {
        let (color, points) = (*color, curve.bins());
        let line = LineSeries::new(points.iter().map(|bin| (bin.forecast, bin.frequency)), color);
        let drawn = chart.draw_series(line).map_err(|error| failed(&error))?;
        drawn.label(*name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
        let bars = points.iter().map(|bin| {
            let (low, high) = bin.interval;
            PathElement::new([(bin.forecast, low), (bin.forecast, high)], color.mix(0.4))
        });
        chart.draw_series(bars).map_err(|error| failed(&error))?;
        let dots = points.iter().map(|bin| Circle::new((bin.forecast, bin.frequency), 3, color.filled()));
        chart.draw_series(dots).map_err(|error| failed(&error))?;
    }
    let mut legend = chart.configure_series_labels();
    legend.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).position(SeriesLabelPosition::UpperLeft);
    legend.draw().map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use brier_types::Prob;

    use super::*;
    use crate::history::Quoted;

    #[test]
    fn a_plot_has_a_curve_for_each_forecaster() {
        let quote = |number: u32| Quoted {
            event: number.to_string(),
            market: number.to_string(),
            before_close: Duration::from_mins(1),
            mid: Prob::new(f64::from(number) / 100.0).unwrap(),
            model: Prob::new(0.5).ok(),
            yes: number > 50,
        };
        let set = Set { name: "s", what: "w", model: Ok("m"), kind: None, quotes: (2..98).map(quote).collect() };
        let svg = reliability(&set).unwrap().unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("market") && svg.contains("model"), "{svg}");
        assert!(reliability(&Set { quotes: Vec::new(), ..set }).unwrap().is_none());
    }
}
