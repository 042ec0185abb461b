//! Helpers for dates and times: `now`, `date`, `parseDate`. Formats are those of Java's `SimpleDateFormat`, in English.

use super::{Given, Helpers};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use serde_json::Value;

pub(super) const HELPERS: Helpers = &[
    ("now", |given| shown(given, Timestamp::now())),
    ("date", |given| match given.text(0) {
        text if text.is_empty() => shown(given, Timestamp::now()),
        text => shown(given, parsed(&text, None)?),
    }),
    ("parseDate", |given| {
        let format = given.named_text("format");
        Ok(parsed(&given.text(0), format.as_deref())?
            .to_string()
            .into())
    }),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A time as `offset`, `timezone` and `format` have it.
fn shown(given: &Given<'_>, at: Timestamp) -> Result<Value, String> {
    let zone = match given.named_text("timezone").as_deref() {
        None | Some("UTC" | "GMT" | "Z") => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|error| error.to_string())?,
    };
    let mut at = at.to_zoned(zone);
    if let Some(offset) = given.named_text("offset") {
        at = at
            .checked_add(span(&offset)?)
            .map_err(|error| error.to_string())?;
    }
    Ok(match given.named_text("format").as_deref() {
        Some("epoch") => at.timestamp().as_millisecond().into(),
        Some("unix") => at.timestamp().as_second().into(),
        Some(format) => written(&at, format)?.into(),
        None => at
            .timestamp()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
            .into(),
    })
}

/// `3 days`, `-24 seconds`.
fn span(text: &str) -> Result<Span, String> {
    let wrong = || format!("`{text}` is no offset such as `3 days`");
    let (count, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let count: i64 = count.parse().map_err(|_| wrong())?;
    let span = Span::new();
    let span = match unit.trim().trim_end_matches('s') {
        "second" => span.try_seconds(count),
        "minute" => span.try_minutes(count),
        "hour" => span.try_hours(count),
        "day" => span.try_days(count),
        "week" => span.try_weeks(count),
        "month" => span.try_months(count),
        "year" => span.try_years(count),
        _ => return Err(wrong()),
    };
    span.map_err(|error| error.to_string())
}

fn parsed(text: &str, format: Option<&str>) -> Result<Timestamp, String> {
    let number = || {
        text.trim()
            .parse::<i64>()
            .map_err(|_| format!("`{text}` is no number"))
    };
    let time = match format {
        Some("epoch") => Timestamp::from_millisecond(number()?),
        Some("unix") => Timestamp::from_second(number()?),
        Some(format) => {
            return Err(format!(
                "`{format}` is none of the formats that are read: `epoch`, `unix`, ISO 8601, RFC 1123"
            ));
        }
        None => {
            let other = |_| jiff::fmt::rfc2822::parse(text).map(|at| at.timestamp());
            text.trim().parse::<Timestamp>().or_else(other)
        }
    };
    time.map_err(|error| format!("`{text}` is no time: {error}"))
}

/// A time in a format such as `yyyy-MM-dd'T'HH:mm:ssZ`.
fn written(at: &Zoned, format: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("''") {
            text.push('\'');
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('\'') {
            let end = after
                .find('\'')
                .ok_or_else(|| format!("a quote is not closed in `{format}`"))?;
            text.push_str(&after[..end]);
            rest = &after[end + 1..];
            // A quote that follows at once stands for itself.
            if rest.starts_with('\'') {
                text.push('\'');
            }
            continue;
        }
        let run = rest.find(|c| c != first).unwrap_or(rest.len());
        match first.is_ascii_alphabetic() {
            true => text.push_str(
                &field(at, first, run)
                    .ok_or_else(|| format!("`{first}` in `{format}` is not understood"))?,
            ),
            false => text.push_str(&rest[..run]),
        }
        rest = &rest[run..];
    }
    Ok(text)
}

fn field(at: &Zoned, letter: char, run: usize) -> Option<String> {
    let padded = |number: i64| Some(format!("{number:0run$}"));
    let month = MONTHS[usize::try_from(at.month() - 1).ok()?];
    let half = |hour: i8| if hour % 12 == 0 { 12 } else { hour % 12 };
    match letter {
        'y' | 'u' if run == 2 => Some(format!("{:02}", at.year() % 100)),
        'y' | 'u' => padded(at.year().into()),
        'M' if run >= 4 => Some(month.to_owned()),
        'M' if run == 3 => Some(month[..3].to_owned()),
        'M' => padded(at.month().into()),
        'd' => padded(at.day().into()),
        'D' => padded(at.day_of_year().into()),
        'H' => padded(at.hour().into()),
        'h' => padded(half(at.hour()).into()),
        'm' => padded(at.minute().into()),
        's' => padded(at.second().into()),
        'S' => padded((at.subsec_nanosecond() / 1_000_000).into()),
        'a' => Some(if at.hour() < 12 { "AM" } else { "PM" }.to_owned()),
        'E' if run >= 4 => Some(at.strftime("%A").to_string()),
        'E' => Some(at.strftime("%a").to_string()),
        'Z' => Some(at.strftime("%z").to_string()),
        'X' if at.offset().is_zero() => Some("Z".to_owned()),
        'X' if run >= 3 => Some(at.strftime("%:z").to_string()),
        'X' => Some(at.strftime("%z").to_string()),
        'z' => Some(at.strftime("%Z").to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_java_would() {
        let at = "2021-06-05T15:06:07.089Z"
            .parse::<Timestamp>()
            .unwrap()
            .to_zoned(TimeZone::UTC);
        for (format, expected) in [
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2021-06-05T15:06:07.089Z"),
            ("d/M/yy h:mm a", "5/6/21 3:06 PM"),
            (
                "EEE, dd MMM yyyy HH:mm:ss Z",
                "Sat, 05 Jun 2021 15:06:07 +0000",
            ),
            ("EEEE MMMM 'o''clock'", "Saturday June o'clock"),
        ] {
            assert_eq!(written(&at, format).as_deref(), Ok(expected), "{format}");
        }
        assert!(written(&at, "yyyy Q").unwrap_err().contains("`Q`"));
        assert!(span("3 day").is_ok() && span("-24 seconds").is_ok() && span("days").is_err());
        for text in ["2021-06-15T15:16:17Z", "Tue, 15 Jun 2021 15:16:17 GMT"] {
            assert_eq!(
                parsed(text, None).unwrap().as_second(),
                1_623_770_177,
                "{text}"
            );
        }
    }
}
