//! The page put together: markup, style, scripts, data, and the policy that lets nothing else in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

const MARKUP: &str = include_str!("page.html");
const STYLE: &str = concat!(
    include_str!("page.css"),
    include_str!("timeline.css"),
    include_str!("print.css")
);
/// In the order in which they need each other.
const SCRIPTS: [&str; 24] = [
    include_str!("dom.js"),
    include_str!("data.js"),
    include_str!("history.js"),
    include_str!("words.js"),
    include_str!("verdict.js"),
    include_str!("plot.js"),
    include_str!("invariant.js"),
    include_str!("fault.js"),
    include_str!("exchange.js"),
    include_str!("events.js"),
    include_str!("lanes.js"),
    include_str!("backdrop.js"),
    include_str!("shades.js"),
    include_str!("calls.js"),
    include_str!("bands.js"),
    include_str!("flags.js"),
    include_str!("paint.js"),
    include_str!("gestures.js"),
    include_str!("tools.js"),
    include_str!("timeline.js"),
    include_str!("scenario.js"),
    include_str!("list.js"),
    include_str!("matrix.js"),
    include_str!("main.js"),
];

/// The whole file.
pub(super) fn page(data: &Value) -> String {
    let script = format!("\"use strict\";\n(() => {{\n{}\n}})();\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        digest(&script),
        digest(STYLE)
    );
    let parts = [
        ("{{policy}}", policy.as_str()),
        ("{{style}}", STYLE),
        ("{{data}}", &in_script(data)),
        ("{{script}}", &script),
    ];
    // One after the other, so that nothing that is put in is looked at again.
    let (mut page, mut rest) = (String::new(), MARKUP);
    for (mark, text) in parts {
        let (before, after) = rest.split_once(mark).expect("the markup has this mark");
        page.extend([before, text]);
        rest = after;
    }
    page + rest
}

/// What a policy calls a script or a style that stands in the page.
fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// JSON that cannot end the script element that it stands in, nor begin a comment there.
fn in_script(data: &Value) -> String {
    let json = serde_json::to_string(data).unwrap_or_default();
    json.replace("</", "<\\/").replace("<!", "\\u003c!")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_text_ends_the_script_that_it_stands_in() {
        let text = "</script><!-- <script>alert(1)</script> {{script}} \\</";
        let page = page(&json!({"words": [text, "</SCRIPT>"]}));
        let begin = page.find("type=\"application/json\"").unwrap();
        let data = &page[page[begin..].find('>').unwrap() + begin + 1..];
        let data = &data[..data.find("</script>").unwrap()];
        assert!(!data.contains("<!--"), "{data}");
        let read: Value = serde_json::from_str(data).unwrap();
        assert_eq!(read["words"][0], text);
    }

    #[test]
    fn the_page_asks_for_nothing_and_allows_its_own_script_alone() {
        let page = page(&json!({}));
        assert!(page.contains("default-src 'none'"));
        assert!(!page.contains("unsafe-inline"));
        // The name of a language, which nobody goes to.
        let page = page.replace("http://www.w3.org/2000/svg", "");
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            let at = page.find(outside);
            assert!(at.is_none(), "{outside}: {:?}", &page[at.unwrap()..][..80]);
        }
    }
}
