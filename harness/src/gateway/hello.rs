//! The first line of a connection to a gateway's control port.

/// What a connection says that it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hello {
    /// The harness's, for commands and reports.
    Control,
    /// A client's, to be treated as if it had connected to that port of that service.
    Dial {
        client: String,
        service: String,
        port: u16,
    },
}

/// Reads the line, without its end. `None`: it is none that counts here, or it has another token.
pub(super) fn understood(line: &[u8], token: &str) -> Option<Hello> {
    let words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    // One more than there may be tells that there are too many.
    let words: Vec<&str> = words.take(6).collect();
    match words[..] {
        ["CONTROL", given] if given == token => Some(Hello::Control),
        ["DIAL", given, client, service, port] if given == token => Some(Hello::Dial {
            client: client.to_owned(),
            service: service.to_owned(),
            port: port.parse().ok()?,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_line_with_the_right_token_counts() {
        let check = |line: &str, expected| {
            assert_eq!(understood(line.as_bytes(), "secret"), expected, "{line}")
        };
        let dial = Hello::Dial {
            client: "worker".into(),
            service: "site".into(),
            port: 80,
        };
        check("CONTROL secret", Some(Hello::Control));
        check("CONTROL secret\r", Some(Hello::Control));
        check("DIAL secret worker site 80", Some(dial));
        check("", None);
        check("CONTROL", None);
        check("CONTROL Secret", None);
        check("CONTROL secret more", None);
        check("DIAL secret worker site 65536", None);
        check("DIAL secret worker site 80 more", None);
        assert_eq!(understood(b"CONTROL \xff", "\u{fffd}"), None);
    }
}
