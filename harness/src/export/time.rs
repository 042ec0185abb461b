//! The times of exported lines: RFC 3339, or numbers since 1970 or any other beginning.

use super::Scalar;
use std::fmt;

/// What a number of time counts. The first number of a file settles it for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Seconds => "seconds",
            Unit::Milliseconds => "milliseconds",
        })
    }
}

/// As milliseconds this is March 1973, as seconds the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;
/// As milliseconds this is the year 5138: nobody counts these.
const NONSENSE_FROM: f64 = 1e14;
const ACCEPTED: &str = "a time is RFC 3339 (`2026-11-25T16:05:00.5Z`), or a number: seconds, or milliseconds from \
                        100000000000 on";

/// Reads the times of one file.
#[derive(Default)]
pub(super) struct Times {
    pub unit: Option<Unit>,
}

impl Times {
    /// A time in nanoseconds.
    ///
    /// # Errors
    /// In words: what is wrong, and what would have been accepted.
    pub fn read(&mut self, time: &Scalar<'_>) -> Result<i64, (String, String)> {
        let wrong = || (format!("`{time}` is no time"), ACCEPTED.to_owned());
        match time {
            Scalar::Int(int) => {
                let unit = self.unit(*int as f64).ok_or_else(wrong)?;
                let factor = match unit {
                    Unit::Seconds => 1_000_000_000,
                    Unit::Milliseconds => 1_000_000,
                };
                int.checked_mul(factor).ok_or_else(wrong)
            }
            Scalar::Float(float) => {
                let unit = self.unit(*float).ok_or_else(wrong)?;
                let factor = match unit {
                    Unit::Seconds => 1e9,
                    Unit::Milliseconds => 1e6,
                };
                Ok((float * factor).round() as i64)
            }
            Scalar::Text(text) => match Scalar::cell(text) {
                number @ (Scalar::Int(_) | Scalar::Float(_)) => self.read(&number),
                _ => rfc_3339(text).ok_or_else(wrong),
            },
            _ => Err(wrong()),
        }
    }

    fn unit(&mut self, number: f64) -> Option<Unit> {
        if number.abs() >= NONSENSE_FROM {
            return None;
        }
        let unit = match number.abs() >= MILLISECONDS_FROM {
            true => Unit::Milliseconds,
            false => Unit::Seconds,
        };
        Some(*self.unit.get_or_insert(unit))
    }
}

fn rfc_3339(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<i64, (String, String)> {
        Times::default().read(&Scalar::cell(text))
    }

    #[test]
    fn times_are_taken_as_people_write_them() {
        let second = 1_000_000_000;
        let cases = [
            ("1970-01-01T00:00:07Z", 7 * second),
            ("1970-01-01T02:00:07.5+02:00", 7 * second + second / 2),
            ("7", 7 * second),
            ("7.25", 7 * second + second / 4),
            ("1700000000", 1_700_000_000 * second),
            ("1700000000123", 1_700_000_000 * second + 123_000_000),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for text in ["yesterday", "", "2026-11-25", "1700000000123456", "null"] {
            let (what, help) = read(text).unwrap_err();
            assert!(
                what.contains(&format!("`{text}`")) && help.contains("RFC 3339"),
                "{what}"
            );
        }
    }

    #[test]
    fn the_first_number_settles_what_numbers_count() {
        let mut times = Times::default();
        assert_eq!(
            times.read(&Scalar::Int(1_700_000_000_000)),
            Ok(1_700_000_000_000_000_000)
        );
        assert_eq!(times.read(&Scalar::Int(5)), Ok(5_000_000));
        assert_eq!(times.unit, Some(Unit::Milliseconds));
    }
}
