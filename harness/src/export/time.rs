//! The times of exported lines: RFC 3339, as databases print them, or numbers since 1970 or any other beginning.

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
const MILLISECONDS_FROM: u64 = 100_000_000_000;
/// As milliseconds this is the year 5138: nobody counts these.
const NONSENSE_FROM: u64 = 100_000_000_000_000;
const ACCEPTED: &str = "a time is RFC 3339 (`2026-11-25T16:05:00.5Z`), the same without a zone in all lines, or a \
                        number: seconds, or milliseconds from 100000000000 on";

impl Unit {
    /// How many digits behind the point count nanoseconds.
    fn digits(self) -> usize {
        match self {
            Unit::Seconds => 9,
            Unit::Milliseconds => 6,
        }
    }
}

/// Reads the times of one file.
#[derive(Default)]
pub(super) struct Times {
    pub unit: Option<Unit>,
    /// Whether dates tell no zone, as of databases that keep none. The first date settles it for all of them.
    pub zoneless: Option<bool>,
}

impl Times {
    /// A time in nanoseconds. A number is taken by its digits: a float would lose the last ones.
    ///
    /// # Errors
    /// In words: what is wrong, and what would have been accepted.
    pub fn read(&mut self, time: &Scalar<'_>) -> Result<i64, (String, String)> {
        let known = match time {
            Scalar::Int(int) => self.int(*int),
            Scalar::Text(text) => self.text(text),
            Scalar::Float(float) => self.text(&float.to_string()),
            _ => None,
        };
        known.ok_or_else(|| (format!("`{time}` is no time"), ACCEPTED.to_owned()))
    }

    fn int(&mut self, int: i64) -> Option<i64> {
        match self.unit(int.unsigned_abs())? {
            Unit::Seconds => int.checked_mul(1_000_000_000),
            Unit::Milliseconds => int.checked_mul(1_000_000),
        }
    }

    fn text(&mut self, text: &str) -> Option<i64> {
        if let Some(decimal) = Decimal::parse(text) {
            return self.number(&decimal);
        }
        match text.contains(['e', 'E']).then(|| Scalar::cell(text)) {
            Some(Scalar::Float(float)) => self.number(&Decimal::parse(&float.to_string())?),
            _ => self.date(text),
        }
    }

    fn date(&mut self, text: &str) -> Option<i64> {
        if self.zoneless != Some(true)
            && let Some(at_ns) = zoned(text)
        {
            self.zoneless = Some(false);
            return Some(at_ns);
        }
        let at_ns = (self.zoneless != Some(false)).then(|| zoneless(text))??;
        self.zoneless = Some(true);
        Some(at_ns)
    }

    fn number(&mut self, decimal: &Decimal<'_>) -> Option<i64> {
        let digits = self.unit(decimal.whole)?.digits();
        let whole = decimal.whole.checked_mul(10_u64.pow(digits as u32))?;
        let at_ns = i64::try_from(whole.checked_add(decimal.fraction(digits))?).ok()?;
        Some(if decimal.negative { -at_ns } else { at_ns })
    }

    fn unit(&mut self, number: u64) -> Option<Unit> {
        if number >= NONSENSE_FROM {
            return None;
        }
        let unit = match number >= MILLISECONDS_FROM {
            true => Unit::Milliseconds,
            false => Unit::Seconds,
        };
        Some(*self.unit.get_or_insert(unit))
    }
}

/// A number as it is written.
struct Decimal<'a> {
    negative: bool,
    whole: u64,
    /// The digits behind the point.
    behind: &'a [u8],
}

impl Decimal<'_> {
    /// `None`: this is no decimal number.
    fn parse(text: &str) -> Option<Decimal<'_>> {
        let bytes = text.as_bytes();
        let (negative, bytes) = match bytes.strip_prefix(b"-") {
            Some(bytes) => (true, bytes),
            None => (false, bytes),
        };
        let point = bytes.iter().position(|byte| !byte.is_ascii_digit());
        let (before, behind) = match point {
            None => (bytes, &bytes[bytes.len()..]),
            Some(at) => (&bytes[..at], bytes[at..].strip_prefix(b".")?),
        };
        let number = !before.is_empty()
            && (point.is_none() || !behind.is_empty())
            && behind.iter().all(u8::is_ascii_digit);
        let mut digits = before.iter().map(|digit| u64::from(digit - b'0'));
        let whole = digits.try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(digit))?;
        number.then_some(Decimal {
            negative,
            whole,
            behind,
        })
    }

    /// So many digits behind the point as a number, rounded.
    fn fraction(&self, digits: usize) -> u64 {
        let digit = |n: usize| {
            self.behind
                .get(n)
                .map_or(0, |digit| u64::from(digit - b'0'))
        };
        let kept = (0..digits).fold(0, |sum, n| 10 * sum + digit(n));
        kept + u64::from(digit(digits) >= 5)
    }
}

fn zoned(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

/// A date and a time of day without a zone, taken for UTC.
fn zoneless(text: &str) -> Option<i64> {
    let of_day = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    let (_, time) = text.split_at_checked("2026-11-25T".len())?;
    let bare = time.contains(':') && time.bytes().all(of_day);
    let time: jiff::civil::DateTime = bare.then(|| text.parse().ok())??;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    i64::try_from(time.timestamp().as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<i64, (String, String)> {
        Times::default().read(&Scalar::Text(text.into()))
    }

    #[test]
    fn times_are_taken_as_people_write_them() {
        let second = 1_000_000_000;
        let cases = [
            ("1970-01-01T00:00:07Z", 7 * second),
            ("1970-01-01T02:00:07.5+02:00", 7 * second + second / 2),
            ("1970-01-01 02:00:07.5+02", 7 * second + second / 2),
            ("1970-01-01 00:00:07.25", 7 * second + second / 4),
            ("1970-01-01T00:00:07", 7 * second),
            ("7", 7 * second),
            ("7.25", 7 * second + second / 4),
            ("1700000000", 1_700_000_000 * second),
            ("1700000000123", 1_700_000_000 * second + 123_000_000),
            ("1760000001.311", 1_760_000_001_311_000_000),
            ("1760000001.123456789", 1_760_000_001_123_456_789),
            ("1760000001.1234567895", 1_760_000_001_123_456_790),
            ("1760000001311.000064", 1_760_000_001_311_000_064),
            ("-0.000000001", -1),
            ("1.76e9", 1_760_000_000 * second),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for text in [
            "yesterday",
            "",
            "-",
            "7.",
            ".5",
            "7.5.1",
            "2026-11-25",
            "2026-11-25 10:00:00+99",
            "2026-11-25 10:00:00[Europe/Paris]",
            "1700000000123456",
            "99999999999999999999",
            "null",
        ] {
            let (what, help) = read(text).unwrap_err();
            assert!(
                what.contains(&format!("`{text}`")) && help.contains("RFC 3339"),
                "{what}"
            );
        }
    }

    #[test]
    fn the_first_date_settles_whether_dates_tell_a_zone() {
        let (bare, zoned) = ("1970-01-01 00:00:07", "1970-01-01T00:00:07Z");
        for (first, other) in [(bare, zoned), (zoned, bare)] {
            let mut times = Times::default();
            let mut read = |text: &str| times.read(&Scalar::Text(text.into()));
            assert_eq!(read(first), Ok(7_000_000_000));
            let (what, help) = read(other).unwrap_err();
            assert!(
                what.contains(other) && help.contains("in all lines"),
                "{help}"
            );
            assert_eq!(read(first), Ok(7_000_000_000));
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
