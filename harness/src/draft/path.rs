//! Paths with the ids in them taken out: `/orders/7/lines/3` is `/orders/{order}/lines/{line}`.

use super::hidden::hidden;

/// How long a run of hexadecimal digits is that is nobody's word.
const HEX_DIGITS: usize = 12;
/// How long a text is that is not by chance the same as another one.
pub(super) const LONG_ENOUGH: usize = 4;

/// A path in its parts; where an id stood, the name of what it is the id of.
pub(super) fn generalise(path: &str, ids: &[String]) -> String {
    let mut general = String::new();
    let mut before = "";
    let mut taken: Vec<String> = Vec::new();
    for part in path.split('/').skip(1) {
        general.push('/');
        // An id may have an ending, as in `7.json`.
        let (stem, ending) = part.split_at(part.find('.').unwrap_or(part.len()));
        let known = |id: &String| id == part || id == stem && id.len() >= LONG_ENOUGH;
        match is_id(stem) || ids.iter().any(known) {
            true => {
                let mut name = noun(before);
                while taken.contains(&name) {
                    name.push('_');
                }
                general.push_str(&format!("{{{name}}}{ending}"));
                taken.push(name);
            }
            false => {
                general.push_str(part);
                before = part;
            }
        }
    }
    general
}

/// The ids in a path, each with the name that [`generalise`] gives it.
pub(super) fn caught<'p>(general: &str, path: &'p str) -> Vec<(String, &'p str)> {
    let parts = general.split('/').zip(path.split('/'));
    let caught = parts.filter_map(|(name, part)| {
        let (name, ending) = name.strip_prefix('{')?.split_once('}')?;
        Some((name.to_owned(), part.strip_suffix(ending)?))
    });
    caught.collect()
}

/// Whether a part of a path is an id by its looks: a number, a UUID, a ULID, a long run of hexadecimal digits, or a secret.
fn is_id(part: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    let hex = |c: char| c.is_ascii_hexdigit();
    let number = part.chars().all(digit);
    let uuid = part.len() == 36
        && part.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && part.chars().all(|c| hex(c) || c == '-');
    let ulid =
        part.len() == 26 && part.chars().all(|c| c.is_ascii_alphanumeric()) && part.contains(digit);
    let long = part.len() >= HEX_DIGITS && part.chars().all(hex) && part.contains(digit);
    !part.is_empty() && (number || uuid || ulid || long || hidden(part))
}

/// What one of them is called: `orders` are each an `order`.
pub(super) fn noun(word: &str) -> String {
    let word: String = word
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    let word = word.trim_matches('_');
    let one = match word {
        _ if word.ends_with("ies") && word.len() > 4 => format!("{}y", &word[..word.len() - 3]),
        _ if ["sses", "xes", "ches", "shes"]
            .iter()
            .any(|end| word.ends_with(end)) =>
        {
            word[..word.len() - 2].to_owned()
        }
        _ if word.ends_with('s')
            && !word.ends_with("ss")
            && !word.ends_with("us")
            && word.len() > 3 =>
        {
            word[..word.len() - 1].to_owned()
        }
        _ => word.to_owned(),
    };
    match one.chars().next() {
        None => "item".to_owned(),
        // An entity's name begins with a letter.
        Some(first) if first.is_ascii_digit() => format!("item_{one}"),
        Some(_) => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_out_of_paths() {
        let cases = [
            ("/orders/7", "/orders/{order}"),
            ("/orders/7/lines/3", "/orders/{order}/lines/{line}"),
            (
                "/api/v1/boxes/550e8400-e29b-41d4-a716-446655440000/open",
                "/api/v1/boxes/{box}/open",
            ),
            ("/things/01k0abcdefghjkmnpqrstvwxyz", "/things/{thing}"),
            ("/files/deadbeef0123", "/files/{file}"),
            ("/7", "/{item}"),
            ("/a/1/2", "/a/{a}/{a_}"),
            ("/orders/mine", "/orders/mine"),
            ("/orders/known-1", "/orders/{order}"),
            // A short one is the whole part of the path.
            ("/jobs/j1/log", "/jobs/{job}/log"),
            ("/jobs/j1.2", "/jobs/j1.2"),
            ("/logs/7.tar.gz", "/logs/{log}.tar.gz"),
            ("/logs/all.json", "/logs/all.json"),
            ("/v1.2/logs", "/v1.2/logs"),
            ("/v2/defaced", "/v2/defaced"),
            ("/hooks/[redacted 3]/in", "/hooks/{hook}/in"),
            ("/", "/"),
        ];
        for (path, expected) in cases {
            assert_eq!(
                generalise(path, &["known-1".to_owned(), "j1".to_owned()]),
                expected,
                "{path}"
            );
        }
        let caught = caught("/orders/{order}/lines/{line}", "/orders/7/lines/3");
        assert_eq!(
            caught,
            [("order".to_owned(), "7"), ("line".to_owned(), "3")]
        );
    }

    #[test]
    fn one_of_many_has_a_name() {
        for (many, one) in [
            ("orders", "order"),
            ("entries", "entry"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("status", "status"),
            ("address", "address"),
            ("news-items", "news_item"),
            ("submit", "submit"),
            ("", "item"),
            ("3d", "item_3d"),
        ] {
            assert_eq!(noun(many), one, "{many}");
        }
    }
}
