//! Which requests a named call stands for.

use super::CallPattern;
use crate::history::Captures;
use regex::Regex;

/// A [`CallPattern`], compiled.
pub(crate) struct Pattern {
    /// The pattern as it was sent.
    pub(super) call: CallPattern,
    segments: Vec<Segment>,
    /// What its query demands.
    demands: Vec<Demand>,
}

/// A query parameter that a request must have. It may have others.
struct Demand {
    name: String,
    /// `None`: whatever it says.
    value: Option<Segment>,
}

/// What stands between two slashes.
enum Segment {
    Literal(String),
    Catch { regex: Regex, names: Vec<String> },
}

impl Pattern {
    /// Compiles a pattern. A brace that is not closed is an ordinary character.
    pub(crate) fn new(call: CallPattern) -> Pattern {
        let segments = path(&call.path).split('/').map(segment).collect();
        let demands = parameters(&call.path).map(Demand::new).collect();
        Pattern {
            call,
            segments,
            demands,
        }
    }

    /// The patterns in the order in which they are tried: those whose query demands more come first, so that a general
    /// one takes nothing from a special one; else it is the order of their file.
    pub(crate) fn in_order(mut patterns: Vec<Pattern>) -> Vec<Pattern> {
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.demands.len()));
        patterns
    }

    /// What the braces caught, when the request is one of these.
    pub(crate) fn catch(
        &self,
        client: &str,
        service: &str,
        method: &str,
        target: &str,
    ) -> Option<Captures> {
        let call = &self.call;
        if call.client != client || call.service != service || call.method != method {
            return None;
        }
        let given: Vec<&str> = path(target).split('/').collect();
        if given.len() != self.segments.len() {
            return None;
        }
        let mut captures = Captures::new();
        for (segment, given) in self.segments.iter().zip(given) {
            segment.catch(&decoded(given), &mut captures)?;
        }
        for demand in &self.demands {
            demand.catch(target, &mut captures)?;
        }
        Some(captures)
    }
}

impl Demand {
    /// Of one parameter in a template.
    fn new((name, value): (&str, Option<&str>)) -> Demand {
        Demand {
            name: decoded(name),
            value: value.map(segment),
        }
    }

    /// Meets it by the first parameter of its name that says what is demanded.
    fn catch(&self, target: &str, captures: &mut Captures) -> Option<()> {
        parameters(target)
            .filter(|(name, _)| plain(name) == self.name)
            .find_map(|(_, given)| match &self.value {
                None => Some(()),
                Some(value) => value.catch(&plain(given.unwrap_or_default()), captures),
            })
    }
}

impl Segment {
    fn catch(&self, given: &str, captures: &mut Captures) -> Option<()> {
        match self {
            Segment::Literal(text) => (text == given).then_some(()),
            Segment::Catch { regex, names } => {
                let caught = regex.captures(given)?;
                for (name, value) in names.iter().zip(caught.iter().skip(1)) {
                    captures.insert(name.clone(), value.map_or("", |v| v.as_str()).to_owned());
                }
                Some(())
            }
        }
    }
}

/// Compiles one segment of a template.
fn segment(template: &str) -> Segment {
    let mut names = Vec::new();
    let mut regex = String::from("(?s)^");
    let mut rest = template;
    while let Some((literal, name, after)) = brace(rest) {
        regex.push_str(&regex::escape(literal));
        regex.push_str("(.+?)");
        names.push(name.to_owned());
        rest = after;
    }
    regex.push_str(&regex::escape(rest));
    regex.push('$');
    match Regex::new(&regex) {
        Ok(regex) if !names.is_empty() => Segment::Catch { regex, names },
        // A template too large to compile is taken by its letters.
        _ => Segment::Literal(decoded(template)),
    }
}

/// Splits at the first `{name}`: what comes before, the name, what comes after.
fn brace(text: &str) -> Option<(&str, &str, &str)> {
    let (literal, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((literal, name, after))
}

/// The path of a request target: without scheme and authority, query and fragment.
pub(super) fn path(target: &str) -> &str {
    let target = origin(target);
    let end = target.find(['?', '#']).unwrap_or(target.len());
    &target[..end]
}

/// The query parameters of a request target, as they are written.
fn parameters(target: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let target = target.split('#').next().unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let given = query.split('&').filter(|one| !one.is_empty());
    given.map(|one| match one.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (one, None),
    })
}

/// What a part of a query says: a plus sign stands for a space there.
fn plain(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

/// A request target without scheme and authority.
pub(super) fn origin(target: &str) -> &str {
    match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |slash| &rest[slash..])
        }
        _ => target,
    }
}

/// Undoes percent-encoding; what is not UTF-8 afterwards is replaced.
fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes
            .get(at + 1..at + 3)
            .and_then(|p| std::str::from_utf8(p).ok());
        match pair
            .filter(|p| bytes[at] == b'%' && p.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|p| u8::from_str_radix(p, 16).ok())
        {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(path: &str) -> Pattern {
        Pattern::new(CallPattern {
            name: "a call".into(),
            client: "worker".into(),
            service: "site".into(),
            method: "PATCH".into(),
            path: path.into(),
        })
    }

    /// `caught` is `None` for no match, or `name=value` pairs.
    fn check(template: &str, target: &str, caught: Option<&[(&str, &str)]>) {
        let expected = caught.map(|pairs| {
            pairs
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect::<Captures>()
        });
        let found = pattern(template).catch("worker", "site", "PATCH", target);
        assert_eq!(found, expected, "{template} on {target}");
    }

    #[test]
    fn a_path_matches_its_template_segment_by_segment() {
        let submission = "/api/submissions/{submission}/";
        check(
            submission,
            "/api/submissions/7/",
            Some(&[("submission", "7")]),
        );
        check(
            submission,
            "/api/submissions/7/?a=/b",
            Some(&[("submission", "7")]),
        );
        check(
            submission,
            "http://site:8000/api/submissions/7/",
            Some(&[("submission", "7")]),
        );
        check(submission, "/api/submissions/7", None);
        check(submission, "/api/submissions//", None);
        check(submission, "/api/submissions/7/8/", None);
        check(
            submission,
            "/api/submissions/a%2Fb/",
            Some(&[("submission", "a/b")]),
        );
        check(
            submission,
            "/api/submissions/%C3%A9%zz/",
            Some(&[("submission", "é%zz")]),
        );
        check(
            "/outputs/{submission}.zip",
            "/outputs/a.b.zip",
            Some(&[("submission", "a.b")]),
        );
        check("/outputs/{submission}.zip", "/outputs/.zip", None);
        check("/outputs/{submission}.zip", "/outputs/7xzip", None);
        check(
            "/v{major}.{minor}/x",
            "/v1.2/x",
            Some(&[("major", "1"), ("minor", "2")]),
        );
        check(
            "/{a job}/{two}",
            "/1/2",
            Some(&[("a job", "1"), ("two", "2")]),
        );
        check("/a%20b", "/a b", Some(&[]));
        check("/open{brace", "/open{brace", Some(&[]));
        check("/", "http://site", Some(&[]));
    }

    #[test]
    fn a_query_demands_parameters_among_others() {
        let some: Option<&[(&str, &str)]> = Some(&[]);
        check("/do?mode=zzz", "/do", None);
        check("/do?mode=zzz", "/do?mode=zz", None);
        check("/do?mode=zzz", "/do?a=b&mode=zzz#mode=1", some);
        check("/do?mode=zzz", "/do?mode=a&mode=zzz", some);
        check("/do?mode=a%20b", "/do?mode=a+b", some);
        check("/do?a=1&b=2", "/do?b=2&a=1", some);
        check("/do?a=1&b=2", "/do?b=2", None);
        check("/do?full", "/do?full=no", some);
        check("/do?full", "/do?fuller", None);
        check("/do?full=", "/do?full", some);
        check("/do?full=", "/do?full=no", None);
        check(
            "/do?job={job}",
            "http://site:8000/do?job=a%2Fb",
            Some(&[("job", "a/b")]),
        );
        check("/do?job={job}", "/do?job=", None);
        check(
            "/do/{job}?v=x{v}",
            "/do/7?v=x8",
            Some(&[("job", "7"), ("v", "8")]),
        );
    }

    #[test]
    fn what_demands_more_is_tried_first() {
        let patterns = ["/a", "/b?x=1", "/c", "/d?x=1&y=2"].map(pattern);
        let order = Pattern::in_order(patterns.into());
        let order = order.iter().map(|one| one.call.path.as_str());
        assert!(order.eq(["/d?x=1&y=2", "/b?x=1", "/a", "/c"]));
    }

    #[test]
    fn client_service_and_method_must_be_the_same() {
        let pattern = pattern("/x");
        assert!(pattern.catch("worker", "site", "PATCH", "/x").is_some());
        assert!(pattern.catch("portal", "site", "PATCH", "/x").is_none());
        assert!(pattern.catch("worker", "storage", "PATCH", "/x").is_none());
        assert!(pattern.catch("worker", "site", "patch", "/x").is_none());
    }
}
