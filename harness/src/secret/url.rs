//! What the form of a text gives away: who logs in by a URL, and `Bearer`.

use super::common::common;
use super::{Names, field};
use aho_corasick::AhoCorasick;
use std::ops::Range;
use std::sync::LazyLock;

/// What stands behind one of these may be a secret.
static HINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(["://", "Bearer ", "bearer "]).expect("the hints are constants")
});
/// A shorter word behind `Bearer` is prose.
const MIN_BEARER_BYTES: usize = 8;
/// The longest name and password that a URL is thought to have.
const MAX_LOGIN_BYTES: usize = 512;

/// What gave a secret away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It is the password of a URL.
    Login,
    /// It stands behind `Bearer`, where prose may stand too.
    Bearer,
}

/// Replaces, in a text, passwords of URLs and what stands behind `Bearer` by what `place` gives for them. Says whether
/// there were any.
pub(super) fn hide(text: &mut String, place: &mut dyn FnMut(Form, &str) -> String) -> bool {
    let found: Vec<(Form, Range<usize>)> = secrets(text).collect();
    for (form, range) in found.iter().rev() {
        let secret = text[range.clone()].to_owned();
        text.replace_range(range.clone(), &place(*form, &secret));
    }
    !found.is_empty()
}

/// Whether anything in a text may give a secret away.
pub(super) fn hints(text: &[u8]) -> bool {
    HINTS.is_match(text)
}

/// Where they stand.
fn secrets(text: &str) -> impl Iterator<Item = (Form, Range<usize>)> {
    HINTS.find_iter(text).filter_map(|hint| {
        let rest = &text[hint.end()..];
        let (form, found) = match hint.pattern().as_usize() {
            0 => (Form::Login, password(rest)),
            _ => (Form::Bearer, bearer(rest)),
        };
        let found = found?;
        Some((form, hint.end() + found.start..hint.end() + found.end))
    })
}

/// The users and passwords of the URLs in a text.
pub(super) fn logins(text: &str) -> Vec<(String, String)> {
    let logins = secrets(text).filter(|(form, _)| *form == Form::Login);
    let login = |(_, password): (Form, Range<usize>)| {
        let before = &text[..password.start - 1];
        let user = before.rsplit("//").next().unwrap_or_default();
        (user.to_owned(), text[password].to_owned())
    };
    logins.map(login).collect()
}

/// The password in what follows `://`.
fn password(rest: &str) -> Option<Range<usize>> {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | '\\');
    let end = rest.find(ends).unwrap_or(rest.len()).min(MAX_LOGIN_BYTES);
    let login = &rest[..rest.floor_char_boundary(end)];
    let at = login.rfind('@')?;
    let colon = login[..at].find(':')?;
    let password = &login[colon + 1..at];
    let template =
        password.is_empty() || password.starts_with("${") || password.starts_with("[redacted");
    (!template).then_some(colon + 1..at)
}

/// The token in what follows `Bearer `.
fn bearer(rest: &str) -> Option<Range<usize>> {
    let part = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
    let token = &rest[..end];
    (token.len() >= MIN_BEARER_BYTES && !common(token)).then_some(0..end)
}

/// A URL of a stack file as it may be shown: without the password, and without the parameters that are secrets by their
/// names. It is the same whatever else is known, so that what is recorded by it is found by it again.
pub fn plain(url: &str) -> String {
    let mut text = url.to_owned();
    let names = Names::default();
    let parameters = field::parameters(&text, &names);
    for (range, _) in parameters.into_iter().rev() {
        text.replace_range(range, "[redacted]");
    }
    hide(&mut text, &mut |_, _| "[redacted]".to_owned());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn logins_and_bearers_are_found_by_their_form() {
        let cases = [
            ("postgres://me:p4ss@db:5432/x", "postgres://me:?@db:5432/x"),
            (
                "at \"redis://:p@ss@cache\" and http://a:b@c/d?e=f",
                "at \"redis://:?@cache\" and http://a:?@c/d?e=f",
            ),
            ("http://web:8000/a@b", "http://web:8000/a@b"),
            (
                "postgres://me:${PASSWORD}@db",
                "postgres://me:${PASSWORD}@db",
            ),
            (
                "Authorization: Bearer abc.def-12, next",
                "Authorization: Bearer ?, next",
            ),
            (
                "Bearer authentication required",
                "Bearer authentication required",
            ),
            ("a bearer of news", "a bearer of news"),
        ];
        for (text, expected) in cases {
            let mut text = text.to_owned();
            hide(&mut text, &mut |_, _| "?".to_owned());
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_url_is_shown_without_its_secrets() {
        assert_eq!(
            plain("GET http://me:pw@web/a?page=1&api_key=abc&x=y"),
            "GET http://me:[redacted]@web/a?page=1&api_key=[redacted]&x=y"
        );
        assert_eq!(
            plain("GET http://web/a?page_token_type=1"),
            "GET http://web/a?page_token_type=1"
        );
    }
    /// Texts in which secrets may stand, and much that only looks like it.
    fn texts() -> impl Strategy<Value = String> {
        let parts = proptest::sample::select(vec![
            "://",
            "://user:",
            "@host",
            "Bearer ",
            "bearer ",
            "http",
            "user",
            "abcdefgh",
            ":",
            "@",
            "/",
            "?",
            "&",
            "=",
            "token",
            " ",
            "\"",
            "${",
            "[redacted",
            "\u{e9}",
            "\u{1f511}",
            "%",
        ]);
        proptest::collection::vec(parts, 0..16).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_the_text(text in texts()) {
            let mut end = 0;
            for (form, range) in secrets(&text) {
                let secret = text.get(range.clone());
                prop_assert!(secret.is_some_and(|secret| !secret.is_empty()), "{:?}", range);
                prop_assert!(end <= range.start);
                end = range.end;
                if form == Form::Login {
                    prop_assert_eq!(text.as_bytes()[range.start - 1], b':');
                    prop_assert_eq!(text.as_bytes()[end], b'@');
                }
            }
            prop_assert_eq!(hints(text.as_bytes()) || end == 0, true);
            prop_assert_eq!(logins(&text).len(), secrets(&text).filter(|(form, _)| *form == Form::Login).count());
            // What is shown already is shown as it is.
            let shown = plain(&text);
            prop_assert_eq!(plain(&shown), shown);
        }

        #[test]
        fn a_login_is_found_whatever_follows_it(
            secret in "[a-z0-9:@\u{e9}]{1,9}", fill in 0usize..600, after in texts()
        ) {
            // What follows without an end is taken for a part of the login as far as one goes.
            let text = format!("to pg://me:{secret}@db{}\u{1f511}\u{e9}{after}", ".".repeat(fill));
            let (_, found) = secrets(&text).next().expect("it is there");
            prop_assert!(text[found].starts_with(&secret));
        }
    }
}
