//! Which requests a named call stands for.

use super::CallPattern;
use crate::history::Captures;
use regex::Regex;

/// A [`CallPattern`], compiled.
pub(crate) struct Pattern {
    /// The pattern as it was sent.
    pub(super) call: CallPattern,
    segments: Vec<Segment>,
}

/// What stands between two slashes.
enum Segment {
    Literal(String),
    Catch { regex: Regex, names: Vec<String> },
}

impl Pattern {
    /// Compiles a pattern. A query in its path is ignored, and a brace that is not closed is an ordinary character.
    pub(crate) fn new(call: CallPattern) -> Pattern {
        let segments = path(&call.path).split('/').map(segment).collect();
        Pattern { call, segments }
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
        Some(captures)
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
    fn client_service_and_method_must_be_the_same() {
        let pattern = pattern("/x");
        assert!(pattern.catch("worker", "site", "PATCH", "/x").is_some());
        assert!(pattern.catch("portal", "site", "PATCH", "/x").is_none());
        assert!(pattern.catch("worker", "storage", "PATCH", "/x").is_none());
        assert!(pattern.catch("worker", "site", "patch", "/x").is_none());
    }
}
