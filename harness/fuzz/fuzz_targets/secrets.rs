#![no_main]
//! Secrets that names and forms give away in a text, and in a body that was cut at any place.

#[path = "../../src/secret/common.rs"]
#[allow(dead_code)]
mod common;
#[path = "../../src/secret/field.rs"]
#[allow(dead_code)]
mod field;
#[path = "../../src/secret/name.rs"]
#[allow(dead_code)]
mod name;
#[path = "../../src/secret/url.rs"]
#[allow(dead_code)]
mod url;

use name::Names;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = &*String::from_utf8_lossy(bytes);
    let names = Names::default();
    let values = field::values(text, &names, true);
    assert!(values.iter().all(|value| !value.is_empty()));
    // Only what cannot have any is passed over; nobody writes `tOkEn`.
    let one_case = text == text.to_lowercase() || text == text.to_uppercase();
    assert!(!(text.is_ascii() && one_case) || field::values(text, &names, false) == values);
    let mut end = 0;
    for (range, _) in field::parameters(text, &names) {
        assert!(!text[range.clone()].is_empty());
        assert!(end < range.start && text.as_bytes()[range.start - 1] == b'=');
        end = range.end;
    }
    let mut shown = text.to_owned();
    let mut found = Vec::new();
    let hidden = url::hide(&mut shown, &mut |_, secret| {
        found.push(secret.to_owned());
        "?".to_owned()
    });
    assert_eq!(hidden, !found.is_empty());
    assert!(!hidden || url::hints(bytes));
    // The rest of the text is as it was.
    let length: usize = found.iter().map(String::len).sum();
    assert_eq!(shown.len(), text.len() - length + found.len());
    assert!(url::logins(text).len() <= found.len());
    let plain = url::plain(text);
    assert_eq!(url::plain(&plain), plain);
});
