//! Which requests a mapping is for.

use super::*;

/// Whether a mapping with this `request` is for a request.
async fn is_for(pattern: &str, line: &str, headers: &[(&str, &str)], body: &str) -> bool {
    let double = mapping(&format!(
        "{{\"request\": {pattern}, \"response\": {{\"status\": 299}}}}"
    ));
    let (status, _) = ask_with(&double, line, headers, body).await;
    assert!([299, 404].contains(&status), "{status}");
    status == 299
}

async fn check(pattern: &str, lines: &[(&str, bool)]) {
    for (line, expected) in lines {
        assert_eq!(
            is_for(pattern, line, &[], "").await,
            *expected,
            "{pattern} for {line}"
        );
    }
}

#[tokio::test]
async fn methods_and_addresses() {
    check(
        r#"{"method": "GET", "url": "/a?b=1"}"#,
        &[
            ("GET /a?b=1", true),
            ("GET /a", false),
            ("POST /a?b=1", false),
            ("GET /a?b=1&c", false),
        ],
    )
    .await;
    check(
        r#"{"method": "ANY", "urlPath": "/a"}"#,
        &[
            ("DELETE /a", true),
            ("PATCH /a?b=1", true),
            ("GET /a/", false),
        ],
    )
    .await;
    check(
        r#"{"urlPattern": "/a/[0-9]+\\?x=.*"}"#,
        &[
            ("GET /a/12?x=1", true),
            ("GET /a/12", false),
            ("GET /b/a/12?x=1", false),
        ],
    )
    .await;
    check(
        r#"{"urlPathPattern": "/a/[0-9]+|/b"}"#,
        &[
            ("GET /a/12?x=1", true),
            ("GET /b", true),
            ("GET /bc", false),
            ("GET /a/1x", false),
        ],
    )
    .await;
    check(
        r#"{"urlPathPattern": "/(?!admin).*"}"#,
        &[("GET /a", true), ("GET /admin/x", false)],
    )
    .await;
    check(
        r#"{"urlPathTemplate": "/a/{b}/c"}"#,
        &[
            ("GET /a/1/c", true),
            ("GET /a/1/c?d=2", true),
            ("GET /a//c", false),
            ("GET /a/1/2/c", false),
        ],
    )
    .await;
    check(
        r#"{"urlPathTemplate": "/a/{b}", "pathParameters": {"b": {"matches": "^[0-9]+$"}}}"#,
        &[("GET /a/12", true), ("GET /a/x", false)],
    )
    .await;
    check("{}", &[("GET /", true), ("POST /x?y", true)]).await;
}

#[tokio::test]
async fn parameters_headers_and_cookies() {
    let query = r#"{"urlPath": "/a", "queryParameters": {"q": {"equalTo": "x y"}, "no": {"absent": true}}}"#;
    check(
        query,
        &[
            ("GET /a?q=x+y", true),
            ("GET /a?q=x%20y", true),
            ("GET /a?q=z&q=x+y", true),
            ("GET /a?q=x+y&no=1", false),
            ("GET /a", false),
        ],
    )
    .await;
    let exactly =
        r#"{"queryParameters": {"id": {"hasExactly": [{"equalTo": "1"}, {"contains": "2"}]}}}"#;
    check(
        exactly,
        &[
            ("GET /?id=1&id=32", true),
            ("GET /?id=1", false),
            ("GET /?id=1&id=2&id=3", false),
        ],
    )
    .await;
    let includes =
        r#"{"queryParameters": {"id": {"includes": [{"equalTo": "1"}, {"equalTo": "2"}]}}}"#;
    check(
        includes,
        &[("GET /?id=1&id=2&id=3", true), ("GET /?id=1", false)],
    )
    .await;
    let headers = r#"{"headers": {"Accept": {"contains": "xml"}}, "cookies": {"session": {"matches": ".*=="}}}"#;
    assert!(
        is_for(
            headers,
            "GET /",
            &[("accept", "text/xml"), ("cookie", "a=b; session=c==")],
            ""
        )
        .await
    );
    assert!(
        !is_for(
            headers,
            "GET /",
            &[("accept", "text/json"), ("cookie", "session=c==")],
            ""
        )
        .await
    );
    assert!(!is_for(headers, "GET /", &[("accept", "text/xml")], "").await);
    let basic = r#"{"basicAuth": {"username": "me", "password": "secret"}}"#;
    assert!(
        is_for(
            basic,
            "GET /",
            &[("authorization", "Basic bWU6c2VjcmV0")],
            ""
        )
        .await
    );
    assert!(
        !is_for(
            basic,
            "GET /",
            &[("authorization", "Basic bWU6c2VjcmV1")],
            ""
        )
        .await
    );
    let form = r#"{"formParameters": {"tool": {"equalTo": "hammer & nail"}}}"#;
    assert!(is_for(form, "POST /", &[], "a=b&tool=hammer+%26+nail").await);
    assert!(!is_for(form, "POST /", &[], "tool=saw").await);
}

/// Whether a body is one that a matcher is for.
async fn body(matcher: &str, cases: &[(&str, bool)]) {
    for (text, expected) in cases {
        let pattern = format!("{{\"bodyPatterns\": [{matcher}]}}");
        assert_eq!(
            is_for(&pattern, "POST /", &[], text).await,
            *expected,
            "{matcher} for {text}"
        );
    }
}

#[tokio::test]
async fn texts() {
    body(
        r#"{"equalTo": "Ab"}"#,
        &[("Ab", true), ("ab", false), ("Abc", false), ("", false)],
    )
    .await;
    body(
        r#"{"equalTo": "Ab", "caseInsensitive": true}"#,
        &[("aB", true), ("b", false)],
    )
    .await;
    body(r#"{"contains": "b"}"#, &[("abc", true), ("ac", false)]).await;
    body(
        r#"{"doesNotContain": "b"}"#,
        &[("abc", false), ("ac", true), ("", true)],
    )
    .await;
    body(
        r#"{"matches": "a.c"}"#,
        &[("abc", true), ("abcd", false), ("a\nc", false)],
    )
    .await;
    body(
        r#"{"doesNotMatch": "a.c"}"#,
        &[("abc", false), ("abcd", true)],
    )
    .await;
    body(r#"{"absent": true}"#, &[("", true), ("a", false)]).await;
    body(
        r#"{"binaryEqualTo": "AQID"}"#,
        &[("\u{1}\u{2}\u{3}", true), ("\u{1}\u{2}", false)],
    )
    .await;
    body(
        r#"{"not": {"contains": "b"}}"#,
        &[("abc", false), ("ac", true)],
    )
    .await;
    body(
        r#"{"and": [{"contains": "a"}, {"contains": "b"}]}"#,
        &[("ab", true), ("a", false)],
    )
    .await;
    body(
        r#"{"or": [{"contains": "a"}, {"contains": "b"}]}"#,
        &[("b", true), ("c", false)],
    )
    .await;
}

#[tokio::test]
async fn json() {
    let same = r#"{"equalToJson": "{\"a\": [1, 2], \"b\": {\"c\": null}}"}"#;
    body(
        same,
        &[
            ("{\"b\":{\"c\":null},\"a\":[1,2.0]}", true),
            ("{\"a\":[2,1],\"b\":{\"c\":null}}", false),
            ("{\"a\":[1,2]}", false),
            ("{\"a\":[1,2],\"b\":{\"c\":null},\"d\":1}", false),
            ("no", false),
        ],
    )
    .await;
    body(
        r#"{"equalToJson": {"a": [1, 2]}, "ignoreArrayOrder": true}"#,
        &[
            ("{\"a\":[2,1]}", true),
            ("{\"a\":[2,2]}", false),
            ("{\"a\":[2,1,3]}", false),
        ],
    )
    .await;
    body(
        r#"{"equalToJson": {"a": [1]}, "ignoreExtraElements": true}"#,
        &[
            ("{\"a\":[1,2],\"b\":3}", true),
            ("{\"a\":[2]}", false),
            ("{\"b\":3}", false),
        ],
    )
    .await;
    body(
        r#"{"equalToJson": {"a": "${json-unit.any-string}", "b": "${json-unit.ignore}"}}"#,
        &[
            ("{\"a\":\"x\",\"b\":[]}", true),
            ("{\"a\":1,\"b\":2}", false),
            ("{\"a\":\"x\"}", false),
        ],
    )
    .await;
    // Each item needs a partner of its own, though the first that fits is another's only one.
    body(
        r#"{"equalToJson": ["${json-unit.any-number}", 1], "ignoreArrayOrder": true}"#,
        &[("[1,2]", true), ("[2,1]", true), ("[2,2]", false)],
    )
    .await;
}

#[tokio::test]
async fn paths_into_json() {
    body(
        r#"{"matchesJsonPath": "$.a"}"#,
        &[
            ("{\"a\":1}", true),
            ("{\"a\":null}", false),
            ("{\"b\":1}", false),
            ("no", false),
            ("{\"a\":[]}", false),
        ],
    )
    .await;
    body(
        r#"{"matchesJsonPath": "$.a[?(@.b == 'x')]"}"#,
        &[
            ("{\"a\":[{\"b\":\"x\"}]}", true),
            ("{\"a\":[{\"b\":\"y\"}]}", false),
        ],
    )
    .await;
    body(
        r#"{"matchesJsonPath": "$.a[?(@.b > 3)]"}"#,
        &[
            ("{\"a\":[{\"b\":4}]}", true),
            ("{\"a\":[{\"b\":3}]}", false),
        ],
    )
    .await;
    body(
        r#"{"matchesJsonPath": {"expression": "$.a", "equalTo": "1"}}"#,
        &[
            ("{\"a\":1}", true),
            ("{\"a\":\"1\"}", true),
            ("{\"a\":2}", false),
            ("{}", false),
        ],
    )
    .await;
    body(
        r#"{"matchesJsonPath": {"expression": "$.a", "contains": "x"}}"#,
        &[("{\"a\":[\"y\",\"xy\"]}", true), ("{\"a\":[\"y\"]}", false)],
    )
    .await;
    body(
        r#"{"matchesJsonPath": {"expression": "$..b", "matches": "[0-9]+"}}"#,
        &[
            ("{\"a\":{\"b\":12}}", true),
            ("{\"a\":{\"b\":\"x\"}}", false),
        ],
    )
    .await;
    body(
        r#"{"matchesJsonPath": {"expression": "$.a", "absent": true}}"#,
        &[("{}", true), ("{\"a\":1}", false)],
    )
    .await;
    body(
        r#"{"matchesJsonPath": {"expression": "$.a", "equalToJson": "{\"b\": [1, 2]}"}}"#,
        &[
            ("{\"a\":{\"b\":[1,2]}}", true),
            ("{\"a\":{\"b\":[1]}}", false),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_comes_first() {
    let text = r#"{"mappings": [
        {"request": {"urlPath": "/a"}, "response": {"body": "old"}},
        {"request": {"urlPath": "/a"}, "response": {"body": "new"}},
        {"priority": 1, "request": {"urlPath": "/b"}, "response": {"body": "first"}},
        {"priority": 9, "request": {}, "response": {"status": 418, "body": "last"}},
        {"request": {"urlPath": "/b"}, "response": {"body": "second"}}
    ]}"#;
    let double = mapping(text);
    assert_eq!(ask(&double, "GET /a", "").await.1, "new");
    assert_eq!(ask(&double, "GET /b", "").await.1, "first");
    assert_eq!(ask(&double, "GET /c", "").await, (418, "last".to_owned()));
}

#[tokio::test]
async fn what_nothing_is_for_is_told_with_the_nearest() {
    let text = r#"{"mappings": [
        {"name": "the order", "request": {"method": "GET", "urlPath": "/orders/7"}, "response": {}},
        {"request": {"method": "POST", "urlPathTemplate": "/orders/{order}", "headers": {"X-Key": {"equalTo": "k"}},
            "bodyPatterns": [{"contains": "x"}, {"contains": "y"}]}, "response": {}},
        {"request": {"method": "GET", "urlPath": "/zzz"}, "response": {}},
        {"request": {"method": "GET", "urlPath": "/yyy"}, "response": {}}
    ]}"#;
    let (status, told) = ask(&mapping(text), "POST /orders/7", "y").await;
    assert_eq!(status, 404);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "no mapping is for POST /orders/7");
    assert!(
        lines[2].contains("GET /orders/7 `the order`") && lines[2].ends_with("a.json:2)"),
        "{told}"
    );
    assert_eq!(lines[3].trim(), "differs in method: GET");
    assert!(lines[4].contains("POST /orders/{order}"), "{told}");
    assert_eq!(
        lines[5].trim(),
        "differs in header: X-Key, body: 1 of 2 patterns"
    );
    assert_eq!(lines.len(), 8, "{told}");
}
