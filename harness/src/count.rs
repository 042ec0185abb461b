//! Numbers with their nouns, for people.

/// So many of something: "1 line", "2 lines", "3 witnesses", "4 entities".
pub fn of(n: impl TryInto<u64>, noun: &str) -> String {
    // No count that anybody makes is larger.
    let n = n.try_into().unwrap_or(u64::MAX);
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {}", plural(noun)),
    }
}

/// How often something happened: "once", "2 times".
pub fn times(n: impl TryInto<u64>) -> String {
    match of(n, "time") {
        one if one == "1 time" => "once".to_owned(),
        more => more,
    }
}

/// So many of something are as the next words say: "1 line was", "2 lines were".
pub fn were(n: impl TryInto<u64>, noun: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{} {}", of(n, noun), if n == 1 { "was" } else { "were" })
}

/// More than one, by the rules that hold for our nouns.
fn plural(noun: &str) -> String {
    let vowel = |c: char| "aeiou".contains(c);
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(vowel) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_all_else_is_more() {
        assert_eq!(of(1u64, "line"), "1 line");
        assert_eq!(of(0usize, "line"), "0 lines");
        assert_eq!(of(1usize, "witness"), "1 witness");
        assert_eq!(of(2u64, "witness"), "2 witnesses");
        assert_eq!(of(2u64, "entity"), "2 entities");
        assert_eq!(of(2u64, "try"), "2 tries");
        assert_eq!(of(2u64, "day"), "2 days");
        assert_eq!(of(1u64, "more line"), "1 more line");
        assert_eq!(were(1u64, "line"), "1 line was");
        assert_eq!(were(2u64, "line"), "2 lines were");
        assert_eq!(
            (times(1u64), times(2u64)),
            ("once".to_owned(), "2 times".to_owned())
        );
    }
}
