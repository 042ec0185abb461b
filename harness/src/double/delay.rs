//! How long something takes: a number of milliseconds, or WireMock's `delayDistribution`.

use super::json::{Item, Keys};
use crate::problem::Problems;
use rand::{Rng, RngExt};
use std::time::Duration;

/// A time, or how times are spread.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Delay {
    Fixed(Duration),
    Uniform {
        lower_ms: f64,
        upper_ms: f64,
    },
    Lognormal {
        median_ms: f64,
        sigma: f64,
        most_ms: f64,
    },
}

/// Longer than anybody waits; a lognormal distribution knows no bound by itself.
const MOST_MS: f64 = 24.0 * 3600.0 * 1000.0;

impl Delay {
    /// Reads a number of milliseconds, or `{"type": "uniform", "lower": 10, "upper": 20}`.
    pub fn read(item: &Item<'_>, problems: &mut Problems) -> Option<Delay> {
        const KEYS: Keys = Keys::own(&[
            "type",
            "milliseconds",
            "median",
            "sigma",
            "maxValue",
            "lower",
            "upper",
        ]);
        if item.value.is_number() {
            return Some(Delay::Fixed(milliseconds(item, problems)?));
        }
        if !item.value.is_object() {
            return item.not(
                "a number of milliseconds, or an object with `type`",
                problems,
            );
        }
        let fields = item.fields(&KEYS, problems);
        let mut need = |key: &str, most| fields.need(key, problems)?.number(most, problems);
        match fields.get("type")?.value.as_str() {
            Some("fixed") => {
                milliseconds(fields.need("milliseconds", problems)?, problems).map(Delay::Fixed)
            }
            Some("uniform") => {
                let (lower_ms, upper_ms) = (need("lower", MOST_MS)?, need("upper", MOST_MS)?);
                if lower_ms > upper_ms {
                    return item.not("`lower` to be at most `upper`", problems);
                }
                Some(Delay::Uniform { lower_ms, upper_ms })
            }
            Some("lognormal") => Some(Delay::Lognormal {
                median_ms: need("median", MOST_MS)?,
                sigma: need("sigma", 100.0)?,
                most_ms: match fields.get("maxValue") {
                    Some(item) => item.number(MOST_MS, problems)?,
                    None => MOST_MS,
                },
            }),
            _ => fields
                .get("type")?
                .not("`fixed`, `uniform` or `lognormal`", problems),
        }
    }

    /// One time of these.
    pub fn draw(&self, random: &mut impl Rng) -> Duration {
        let ms = match self {
            Delay::Fixed(time) => return *time,
            Delay::Uniform { lower_ms, upper_ms } => {
                lower_ms + (upper_ms - lower_ms) * random.random::<f64>()
            }
            Delay::Lognormal {
                median_ms,
                sigma,
                most_ms,
            } => (median_ms * (sigma * normal(random)).exp()).min(*most_ms),
        };
        Duration::from_secs_f64(ms / 1000.0)
    }
}

/// A number of milliseconds.
pub(super) fn milliseconds(item: &Item<'_>, problems: &mut Problems) -> Option<Duration> {
    item.number(MOST_MS, problems)
        .map(|ms| Duration::from_secs_f64(ms / 1000.0))
}

/// A number of the standard normal distribution, by the method of Box and Muller.
fn normal(random: &mut impl Rng) -> f64 {
    let (a, b): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
