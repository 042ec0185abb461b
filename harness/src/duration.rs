//! Durations as people write them: `20s`, `100ms`, `2m`.

use std::time::Duration;

/// The units, longest first, so that printing picks the largest that divides evenly.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a whole number with a unit: `ms`, `s`, `m` or `h`.
///
/// # Errors
/// Says what would have been accepted.
///
/// ```
/// use shakedown_harness::duration;
/// assert_eq!(duration::parse("100ms").unwrap().as_millis(), 100);
/// assert!(duration::parse("fast").is_err());
/// ```
pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = UNITS
        .iter()
        .find(|(name, _)| *name == unit.trim())
        .map(|(_, ms)| *ms);
    match (number.parse::<u64>().ok(), factor) {
        (Some(number), Some(factor)) => number
            .checked_mul(factor)
            .map(Duration::from_millis)
            .ok_or_else(|| format!("`{text}` is too long a time")),
        _ => Err(format!(
            "`{text}` is not a duration such as `100ms`, `20s`, `2m` or `1h`"
        )),
    }
}

/// Reads a duration in which something can be: none of nothing.
///
/// # Errors
/// Says what would have been accepted.
pub fn above_zero(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err(format!(
            "`{}` is no time at all: it begins with `1ms`",
            text.trim()
        )),
        duration => Ok(duration),
    }
}

/// Prints a duration so that [`parse`] reads it back. Anything below a millisecond is cut off.
pub fn print(duration: Duration) -> String {
    let ms = duration.as_millis() as u64;
    let unit = UNITS
        .iter()
        .find(|(_, factor)| ms >= *factor && ms.is_multiple_of(*factor));
    match unit {
        Some((name, factor)) => format!("{}{name}", ms / factor),
        None => "0ms".to_owned(),
    }
}

/// A moment or a span for a reader: `0.412 s`.
pub fn seconds(at_ns: u64) -> String {
    format!("{:.3} s", at_ns as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_reads_what_print_writes(ms in 0u64..10_000_000_000) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse(&print(duration)), Ok(duration));
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_accepted_forms() {
        for bad in [
            "",
            "s",
            "20",
            "20 sec",
            "-1s",
            "1.5s",
            "99999999999999999999s",
        ] {
            assert!(parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
