//! What the headers of a request or an answer have that nobody is to see.

use super::{Secrets, spelling};

/// Replaces the secret part of a header's value.
pub(super) fn hide(secrets: &Secrets, name: &str, value: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "cookie" => {
            let pairs = value.split(';').map(|pair| cookie(secrets, pair));
            pairs.collect::<Vec<_>>().join(";")
        }
        // Behind the first pair stands for whom and how long.
        "set-cookie" => match value.split_once(';') {
            Some((pair, attributes)) => format!("{};{attributes}", cookie(secrets, pair)),
            None => cookie(secrets, value),
        },
        "authorization" | "proxy-authorization" => login(secrets, value),
        _ => whole(secrets, value),
    }
}

fn whole(secrets: &Secrets, value: &str) -> String {
    match nothing(value) {
        true => value.to_owned(),
        false => secrets.learn(value),
    }
}

/// Says nothing that could be a secret.
fn nothing(value: &str) -> bool {
    ["", "true", "false", "none", "null"].contains(&value) || value.starts_with("[redacted")
}

fn cookie(secrets: &Secrets, pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", whole(secrets, value)),
        None => pair.to_owned(),
    }
}

/// `Bearer ...`, `Basic ...`; a value without a scheme is a secret as a whole.
fn login(secrets: &Secrets, value: &str) -> String {
    let Some((scheme, sent)) = value.split_once(' ').filter(|_| !nothing(value)) else {
        return whole(secrets, value);
    };
    if scheme.eq_ignore_ascii_case("basic")
        && let Some((_, password)) = spelling::of_basic(sent)
        && !nothing(&password)
    {
        secrets.learn(&password);
    }
    format!("{scheme} {}", whole(secrets, sent))
}
