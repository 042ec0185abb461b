//! What is filled in.

use super::*;

/// The body of a mapping that is filled in for a request.
async fn filled(template: &str) -> String {
    filled_for(
        template,
        "POST /a/b%20c/12?q=x&q=y&z=",
        r#"{"name": "n", "things": [{"id": 1}, {"id": 2}], "quote": "\""}"#,
    )
    .await
}

async fn filled_for(template: &str, line: &str, body: &str) -> String {
    let template = serde_json::Value::from(template);
    let text = format!(
        r#"{{"request": {{"urlPathTemplate": "/a/{{word}}/{{number}}"}},
            "response": {{"body": {template}, "transformers": ["response-template"],
                          "transformerParameters": {{"own": "mine"}}}}}}"#
    );
    let headers = [
        ("Host", "double:8080"),
        ("X-Key", "k1"),
        ("X-Key", "k2"),
        ("Cookie", "c=v"),
    ];
    ask_with(&mapping(&text), line, &headers, body).await.1
}

#[tokio::test]
async fn the_request() {
    for (template, expected) in [
        (
            "{{request.method}} {{request.url}}",
            "POST /a/b%20c/12?q=x&q=y&z=",
        ),
        ("{{request.path}}", "/a/b%20c/12"),
        (
            "{{request.path.[0]}} {{request.path.[1]}} {{request.path.2}} {{request.pathSegments.[1]}}",
            "a b c 12 b c",
        ),
        ("{{request.path.word}} {{request.path.number}}", "b c 12"),
        (
            "{{request.query.q}} {{request.query.q.[1]}} [{{request.query.z}}{{request.query.no}}]",
            "x y []",
        ),
        (
            "{{request.headers.X-Key}} {{request.headers.[x-key].[1]}} {{request.headers.Host}}",
            "k1 k2 double:8080",
        ),
        ("{{request.cookies.c}}", "v"),
        (
            "{{request.host}} {{request.port}} {{request.baseUrl}}",
            "double 8080 http://double:8080",
        ),
        ("{{parameters.own}}", "mine"),
        (
            "{{request.body}}",
            r#"{"name": "n", "things": [{"id": 1}, {"id": 2}], "quote": "\""}"#,
        ),
        ("plain request.path.word", "plain request.path.word"),
    ] {
        assert_eq!(filled(template).await, expected, "{template}");
    }
}

#[tokio::test]
async fn helpers() {
    for (template, expected) in [
        ("{{jsonPath request.body '$.name'}}", "n"),
        ("{{{jsonPath request.body \"$.quote\"}}}", "\""),
        (
            "{{jsonPath request.body '$.things[1].id'}} {{jsonPath request.body '$.things[0]'}}",
            r#"2 {"id":1}"#,
        ),
        (
            "{{jsonPath request.body '$.no'}}|{{jsonPath request.body '$.no' default='d'}}",
            "|d",
        ),
        (
            "{{#each (jsonPath request.body '$.things') as |thing|}}<{{thing.id}}>{{/each}}",
            "<1><2>",
        ),
        (
            "{{jsonPath request.body '$.things[?(@.id == 2)].id'}}",
            "[2]",
        ),
        ("{{trim '  x '}}|{{#trim}}\n y \n{{/trim}}|", "x|y|"),
        (
            "{{base64 'hi'}} {{base64 'aGk=' decode=true}} {{base64 'hi' padding=false}}",
            "aGk= hi aGk",
        ),
        ("{{upper 'a'}}{{lower 'B'}}", "Ab"),
        (
            "{{#if (eq request.method 'POST')}}yes{{else}}no{{/if}}",
            "yes",
        ),
        (
            "\\{{no}} {{! nothing }}{{#unless x}}u{{/unless}}",
            "{{no}} u",
        ),
    ] {
        assert_eq!(filled(template).await, expected, "{template}");
    }
}

#[tokio::test]
async fn what_cannot_be_filled_in_is_told() {
    let double = mapping(
        r#"{"request": {}, "response": {"body": "{{jsonPath request.body '$.a'}}", "transformers": ["response-template"]}}"#,
    );
    let (status, told) = ask(&double, "POST /", "no JSON").await;
    assert_eq!(status, 500);
    assert!(told.contains("`jsonPath`: this is not JSON"), "{told}");
}

#[tokio::test]
async fn texts_in_json_stay_texts() {
    let double = mapping(
        r#"{"request": {}, "response": {"jsonBody": {"said": "{{jsonPath request.body '$.q'}}", "{{request.method}}": 1},
            "headers": {"X-Said": "{{jsonPath request.body '$.n'}}"}, "transformers": ["response-template"]}}"#,
    );
    let answer = ask(&double, "POST /", r#"{"q": "a \"b\"\n", "n": 7}"#).await;
    assert_eq!(answer, (200, r#"{"said":"a \"b\"\n","POST":1}"#.to_owned()));
    let reply = ask(&double, "POST /", r#"{"n": "a\nb"}"#).await;
    assert_eq!(reply.0, 500);
    assert!(
        reply
            .1
            .contains("cannot be the value of the header `x-said`"),
        "{}",
        reply.1
    );
}

#[tokio::test]
async fn without_the_transformer_nothing_is_filled_in() {
    let double = mapping(r#"{"request": {}, "response": {"body": "{{request.url}} {{{"}}"#);
    assert_eq!(ask(&double, "GET /", "").await.1, "{{request.url}} {{{");
}
