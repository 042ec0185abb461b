//! Numbers of bytes as people write them: `10 KB`, `64 KiB`, `100 bytes`.

/// The units; a thousand is a thousand, and the `i` makes it 1024.
const UNITS: [(&str, u64); 6] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
];

/// Reads a whole number with a unit: `bytes`, `KB`, `KiB`, `MB`, `MiB`, `GB` or `GiB`.
///
/// # Errors
/// Says what would have been accepted.
///
/// ```
/// use shakedown_harness::size;
/// assert_eq!(size::parse("4 KB"), Ok(4000));
/// assert_eq!(size::parse("4KiB"), Ok(4096));
/// assert!(size::parse("4").is_err());
/// ```
pub fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "B" | "byte" | "bytes" => Some(1),
        unit => UNITS.iter().find(|(name, _)| *name == unit).map(|u| u.1),
    };
    match (number.parse::<u64>().ok(), factor) {
        (Some(number), Some(factor)) => number
            .checked_mul(factor)
            .ok_or_else(|| format!("`{text}` is too much")),
        _ => Err(format!(
            "`{text}` is not a number of bytes such as `100 bytes`, `10 KB`, `64 KiB` or `1 MB`"
        )),
    }
}

/// Prints a number of bytes so that [`parse`] reads it back.
pub fn print(bytes: u64) -> String {
    let unit = UNITS
        .iter()
        .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    match unit {
        Some((name, factor)) => format!("{} {name}", bytes / factor),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_reads_what_print_writes(number in 0u64..10_000, unit in 0usize..6) {
            let bytes = number * UNITS[unit].1;
            prop_assert_eq!(parse(&print(bytes)), Ok(bytes));
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_the_accepted_forms() {
        for bad in [
            "",
            "KB",
            "10",
            "10 kilos",
            "-1 KB",
            "1.5 MB",
            "99999999999 GB",
        ] {
            assert!(parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
