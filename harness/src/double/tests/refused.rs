//! What is wrong in a folder.

use super::*;

/// The mistakes in a file, as they are told.
fn told(name: &str, text: &str) -> String {
    folder(&[(name, text)]).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn mistakes_are_told_with_what_would_be_right() {
    for (text, expected) in [
        (
            r#"{"request": {"urll": "/a"}}"#,
            vec!["unknown field `urll`", "did you mean `url`?"],
        ),
        (
            r#"{"reqest": {}}"#,
            vec!["unknown field `reqest`", "did you mean `request`?"],
        ),
        (
            r#"{"request": {"method": "GETT"}}"#,
            vec!["unknown method `GETT`", "did you mean `GET`?"],
        ),
        (
            r#"{"request": {"url": "a"}}"#,
            vec!["`a` would match nothing", "begins with `/`"],
        ),
        (
            r#"{"request": {"urlPath": "/a?b=c"}}"#,
            vec!["a path has no query", "`queryParameters`"],
        ),
        (
            r#"{"request": {"url": "/a", "urlPath": "/a"}}"#,
            vec!["a request has `url` or `urlPath`, not both"],
        ),
        (
            r#"{"request": {"urlPattern": "/a("}}"#,
            vec!["`/a(` is no regular expression"],
        ),
        (
            r#"{"request": {"pathParameters": {"a": {"equalTo": "1"}}}}"#,
            vec!["`pathParameters` needs `urlPathTemplate`"],
        ),
        (
            r#"{"request": {"urlPathTemplate": "/{order}", "pathParameters": {"oder": {"equalTo": "1"}}}}"#,
            vec![
                "`/{order}` has no parameter `oder`",
                "did you mean `order`?",
            ],
        ),
        (
            r#"{"request": {"headers": {"A": {"equals": "1"}}}}"#,
            vec!["unknown field `equals`", "did you mean `equalTo`?"],
        ),
        (
            r#"{"request": {"headers": {"A": {}}}}"#,
            vec!["this says nothing of the value", "$.request.headers.A"],
        ),
        (
            r#"{"request": {"headers": {"A": {"contains": "1", "matches": "2"}}}}"#,
            vec![
                "`contains` and `matches` stand in one matcher",
                "`\"and\": ",
            ],
        ),
        (
            r#"{"request": {"bodyPatterns": [{"matchesXPath": "//a"}]}}"#,
            vec!["`matchesXPath` is not played by a double"],
        ),
        (
            r#"{"request": {"bodyPatterns": [{"matchesJsonPath": "$.a["}]}}"#,
            vec!["`$.a[` is not JSONPath"],
        ),
        (
            r#"{"request": {"bodyPatterns": [{"equalToJson": "{"}]}}"#,
            vec!["this is not JSON"],
        ),
        (
            r#"{"request": {"bodyPatterns": [{"equalToJson": "{\"a\": \"${json-unit.any-text}\"}"}]}}"#,
            vec!["unknown placeholder `${json-unit.any-text}`"],
        ),
        (
            r#"{"request": {"customMatcher": {"name": "x"}}}"#,
            vec!["`customMatcher` is not played", "no code of others"],
        ),
        (
            r#"{"response": {"status": "200"}}"#,
            vec!["expected a status from 200 to 999, not `\"200\"`"],
        ),
        (
            r#"{"response": {"body": "a", "jsonBody": {}}}"#,
            vec!["a response has `body` or `jsonBody`, not both"],
        ),
        (
            r#"{"response": {"bodyFileName": "no.json"}}"#,
            vec![
                "__files/no.json cannot be read",
                "start in the folder `__files`",
            ],
        ),
        (
            r#"{"response": {"proxyBaseUrl": "http://x"}}"#,
            vec!["`proxyBaseUrl` is not played"],
        ),
        (
            r#"{"response": {"fault": "EMPTY"}}"#,
            vec!["unknown fault `EMPTY`", "did you mean `EMPTY_RESPONSE`?"],
        ),
        (
            r#"{"response": {"transformers": ["mine"]}}"#,
            vec!["unknown transformer `mine`"],
        ),
        (
            r#"{"response": {"delayDistribution": {"type": "normal"}}}"#,
            vec!["expected `fixed`, `uniform` or `lognormal`"],
        ),
        (
            r#"{"response": {"body": "{{jsonPth request.body '$'}}", "transformers": ["response-template"]}}"#,
            vec!["unknown helper `jsonPth`", "did you mean `jsonPath`?"],
        ),
        (
            r#"{"response": {"body": "{{#if a}}", "transformers": ["response-template"]}}"#,
            vec!["this is no template"],
        ),
        (
            r#"{"requiredScenarioState": "x"}"#,
            vec!["no `scenarioName`"],
        ),
        (
            r#"{"serveEventListeners": [{"name": "mine", "parameters": {}}]}"#,
            vec!["unknown listener `mine`"],
        ),
        (
            r#"{"mappings": [{"request": {"urll": "/"}}], "mapping": 1}"#,
            vec!["unknown field `urll`", "unknown field `mapping`"],
        ),
    ] {
        let told = told("mappings/a.json", text);
        for word in expected {
            assert!(
                told.contains(word),
                "{text}\nnothing about {word} in\n{told}"
            );
        }
        assert!(told.contains("a.json:1:"), "{told}");
    }
}

#[test]
fn what_changes_nothing_is_accepted() {
    let text = r#"{"id": "x", "uuid": "x", "persistent": true, "metadata": {"a": 1}, "insertionIndex": 3,
        "request": {"url": "/"}, "response": {"status": 200, "fromConfiguredStub": true, "body": null}}"#;
    folder(&[("mappings/a.json", text)]).unwrap();
}

#[test]
fn mistakes_in_operations() {
    let base = |text: &str| {
        format!("{{\"name\": \"o\", \"begin\": {{\"url\": \"/o\"}}, \"done\": {{}}, {text}}}")
    };
    for (text, expected) in [
        (
            r#""began": 3"#,
            "expected a response, or `when over`, not `3`",
        ),
        (r#""takes": 3"#, "`began` is missing here"),
        (
            r#""began": {}, "poll": {"url": "/o"}"#,
            "nothing says which operation is asked for",
        ),
        (
            r#""began": {}, "poll": {"urlPathTemplate": "/o/{id}"}"#,
            "`running` is missing here",
        ),
        (
            r#""began": {}, "fails": {"nth": [0]}, "failed": {}"#,
            "expected a number from 1 on, not `0`",
        ),
        (
            r#""began": {}, "fails": {"nth": 1, "probability": 0.5}, "failed": {}"#,
            "`nth` and `probability`",
        ),
        (
            r#""began": {}, "stalls": {"probability": 2}"#,
            "expected a number from 0 to 1, not `2`",
        ),
        (r#""began": {}, "fails": {}"#, "`failed` is missing here"),
        (r#""began": {}, "take": 3"#, "did you mean `takes`?"),
        (
            r#""began": {}, "then": [{"method": "POST"}]"#,
            "`url` is missing here",
        ),
    ] {
        let told = told("operations/a.json", &base(text));
        assert!(told.contains(expected), "{text}\n{told}");
    }
}

#[test]
fn all_mistakes_of_all_files_come_at_once() {
    let files = [
        (
            "mappings/b/c.json",
            "{\n  \"request\": {\n    \"urll\": \"/\"}}",
        ),
        ("mappings/a.json", "{"),
        ("operations/o.json", "{\"name\": \"o\"}"),
    ];
    let told = folder(&files).map(|_| ()).unwrap_err().to_string();
    for word in [
        "a.json:1:",
        "c.json:3:5",
        "o.json:1:1",
        "`begin` is missing",
        "`done` is missing",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn a_folder_with_nothing_in_it_is_a_mistake() {
    let told = folder(&[("mapings/a.json", "{}")])
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("there is nothing to play") && told.contains("did you mean `mapings`?"),
        "{told}"
    );
}
