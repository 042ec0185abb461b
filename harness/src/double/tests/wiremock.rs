//! Mappings as WireMock's own documentation shows them.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn attributes_of_a_request() {
    let double = mapping(
        r#"{
        "request": {
            "urlPath": "/everything",
            "method": "ANY",
            "headers": {
                "Accept": {
                    "contains": "xml"
                }
            },
            "queryParameters": {
                "search_term": {
                    "equalTo": "WireMock"
                }
            },
            "cookies": {
                "session": {
                    "matches": ".*12345.*"
                }
            },
            "basicAuthCredentials": {
                "username": "jeff@example.com",
                "password": "jeffteenjefftyjeff"
            }
        },
        "response": {
            "status": 200
        }
    }"#,
    );
    let all = [
        ("Accept", "application/xml"),
        ("Cookie", "session=a12345b"),
        (
            "Authorization",
            "Basic amVmZkBleGFtcGxlLmNvbTpqZWZmdGVlbmplZmZ0eWplZmY=",
        ),
    ];
    let line = "PUT /everything?search_term=WireMock";
    assert_eq!(ask_with(&double, line, &all, "").await.0, 200);
    for i in 0..all.len() {
        let but_one: Vec<_> = all
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != i)
            .map(|(_, one)| *one)
            .collect();
        assert_eq!(
            ask_with(&double, line, &but_one, "").await.0,
            404,
            "without {}",
            all[i].0
        );
    }
    assert_eq!(ask_with(&double, "PUT /everything", &all, "").await.0, 404);
}

#[tokio::test]
async fn path_templates() {
    let double = mapping(
        r#"{
        "request" : {
            "urlPathTemplate" : "/v1/contacts/{contactId}/addresses/{addressId}",
            "method" : "GET",
            "pathParameters" : {
                "contactId" : {
                    "equalTo" : "12345"
                },
                "addressId" : {
                    "equalTo" : "99876"
                }
            }
        },
        "response" : {
            "status" : 200
        }
    }"#,
    );
    assert_eq!(
        ask(&double, "GET /v1/contacts/12345/addresses/99876", "")
            .await
            .0,
        200
    );
    assert_eq!(
        ask(&double, "GET /v1/contacts/12345/addresses/1", "")
            .await
            .0,
        404
    );
}

/// Bodies that a `bodyPatterns` of the documentation is for, and others.
async fn bodies(pattern: &str, matching: &[&str], others: &[&str]) {
    let double = mapping(&format!(
        "{{\"request\": {{\"bodyPatterns\": [{pattern}]}}, \"response\": {{\"status\": 200}}}}"
    ));
    for body in matching {
        assert_eq!(
            ask(&double, "POST /", body).await.0,
            200,
            "{pattern} for {body}"
        );
    }
    for body in others {
        assert_eq!(
            ask(&double, "POST /", body).await.0,
            404,
            "{pattern} for {body}"
        );
    }
}

#[tokio::test]
async fn json_bodies() {
    bodies(
        r#"{ "equalToJson" : { "total_results": 4 } }"#,
        &[r#"{"total_results":4}"#],
        &[r#"{"total_results":5}"#],
    )
    .await;
    let lax = r#"{ "equalToJson" : "{ \"total_results\": 4  }", "ignoreArrayOrder" : true, "ignoreExtraElements" : true }"#;
    bodies(lax, &[r#"{"total_results": 4, "more": 1}"#], &["{}"]).await;
    bodies(
        r#"{ "equalToJson": { "id": "${json-unit.any-string}" } }"#,
        &[r#"{ "id": "abc123" }"#],
        &[r#"{ "id": 1 }"#],
    )
    .await;
    bodies(
        r#"{ "matchesJsonPath" : "$.name" }"#,
        &[r#"{ "name": "Wiremock" }"#],
        &[r#"{ "price": 15 }"#],
    )
    .await;
    let named = r#"{ "things": { "name": "RequiredThing" } }"#;
    bodies(
        r#"{ "matchesJsonPath" : "$.things[?(@.name == 'RequiredThing')]" }"#,
        &[
            named,
            r#"{ "things": [ { "name": "RequiredThing" }, { "name": "Wiremock" } ] }"#,
        ],
        &[
            r#"{ "price": 15 }"#,
            r#"{ "things": { "name": "Wiremock" } }"#,
        ],
    )
    .await;
    bodies(
        r#"{ "matchesJsonPath" : "$.things[?(@.name =~ /Required.*/i)]" }"#,
        &[
            named,
            r#"{ "things": [ { "name": "Required" }, { "name": "Wiremock" } ] }"#,
        ],
        &[
            r#"{ "price": 15 }"#,
            r#"{ "things": [ { "name": "Thing" }, { "name": "Wiremock" } ] }"#,
        ],
    )
    .await;
    bodies(
        r#"{ "matchesJsonPath" : "$[?(@.things.size() == 2)]" }"#,
        &[r#"{ "things": [ { "name": "RequiredThing" }, { "name": "Wiremock" } ] }"#],
        &[r#"{ "things": [ { "name": "RequiredThing" } ] }"#],
    )
    .await;
    bodies(
        r#"{ "matchesJsonPath" : { "expression": "$..todoItem", "contains": "wash" } }"#,
        &[r#"{ "todoItem": "wash the dog" }"#],
        &[r#"{ "todoItem": "feed the dog" }"#],
    )
    .await;
}

#[tokio::test]
async fn delays() {
    let double = mapping(
        r#"{
        "mappings": [
            {
                "request": {
                    "method": "GET",
                    "url": "/delayed"
                },
                "response": {
                    "status": 200,
                    "fixedDelayMilliseconds": 2000
                }
            },
            {
                "request": {
                    "method": "GET",
                    "url": "/random/delayed"
                },
                "response": {
                    "status": 200,
                    "delayDistribution": {
                        "type": "lognormal",
                        "median": 80,
                        "sigma": 0.4
                    }
                }
            }
        ]
    }"#,
    );
    let wait = async |url: &str| {
        double
            .act(&request(&format!("GET {url}"), &[], ""))
            .await
            .wait
    };
    assert_eq!(wait("/delayed").await, Duration::from_secs(2));
    let random = wait("/random/delayed").await;
    assert!((5..1000).contains(&random.as_millis()), "{random:?}");
}

/// The body of a mapping with this template.
async fn filled(template: &str, line: &str, body: &str) -> String {
    let template = serde_json::Value::from(template);
    let text = format!(
        r#"{{"request": {{}}, "response": {{"body": {template}, "transformers": ["response-template"]}}}}"#
    );
    ask(&mapping(&text), line, body).await.1
}

#[tokio::test]
async fn templates() {
    const HTTP: &str = "GET /multi-query?things=1&things=2&things=3";
    for (template, expected) in [
        ("{{request.query.things}}", "1"),
        ("{{request.query.things.0}}", "1"),
        ("{{request.query.things.1}}", "2"),
        (
            "{{request.query.things.first}} {{request.query.things.last}}",
            "1 3",
        ),
        ("{{request.path.[0]}}", "multi-query"),
        (
            "{{#assign 'mine'}}{{capitalize request.method}}{{/assign}}<{{mine}}>",
            "<GET>",
        ),
        ("{{val request.query.search or='default'}}", "default"),
        ("{{val 10 assign='myVar'}}{{myVar}}", "10"),
        (
            "{{#parseJson 'parsedObj'}}\n{\n  \"name\": \"transformed\"\n}\n{{/parseJson}}{{parsedObj.name}}",
            "transformed",
        ),
        (
            "{{formatJson '{\"foo\":true,\"bar\":{\"baz\":false}}' format='compact'}}",
            "{\"foo\":true,\"bar\":{\"baz\":false}}",
        ),
        (
            "{{math 1 '+' 2}} {{math 4 '-' 2}} {{math 2 '*' 3}} {{math 8 '/' 2}} {{math 10 '%' 3}}",
            "3 2 6 4 1",
        ),
        (
            "{{arrayJoin ',' (array 'One' 'Two' 'Three')}}",
            "One,Two,Three",
        ),
        ("{{arrayJoin ', ' (range 1 5)}}", "1, 2, 3, 4, 5"),
        (
            "{{arrayJoin ' * ' (array 1 2 3) prefix='(' suffix=')'}}",
            "(1 * 2 * 3)",
        ),
        ("{{#if (contains 'abcde' 'abc')}}YES{{/if}}", "YES"),
        (
            "{{#contains (array 'a' 'b' 'c') 'a'}}YES{{/contains}}",
            "YES",
        ),
        ("{{size 'abcde'}}", "5"),
        ("{{regexExtract 'abc123' '[0-9]+'}}", "123"),
    ] {
        assert_eq!(filled(template, HTTP, "").await, expected, "{template}");
    }
    let inner = r#"{ "outer": { "inner": "Stuff" } }"#;
    assert_eq!(
        filled("{{jsonPath request.body '$.outer.inner'}}", "POST /", inner).await,
        "Stuff"
    );
    assert_eq!(
        filled(
            "{{jsonPath request.body '$.size' default='M'}}",
            "POST /",
            inner
        )
        .await,
        "M"
    );
    assert_eq!(
        filled(
            "{{parseJson request.body 'b'}}{{b.outer.inner}}",
            "POST /",
            inner
        )
        .await,
        "Stuff"
    );
}

#[tokio::test]
async fn times_and_chance() {
    let is = |text: &str, pattern: &str| {
        assert!(regex::Regex::new(pattern).unwrap().is_match(text), "{text}")
    };
    for (template, pattern) in [
        ("{{now}}", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"),
        (
            "{{now offset='10 years' format='yyyy-MM-dd'}}",
            r"^\d{4}-\d\d-\d\d$",
        ),
        ("{{now offset='2 years' format='epoch'}}", r"^\d{13}$"),
        ("{{now offset='2 years' format='unix'}}", r"^\d{10}$"),
        (
            "{{randomValue length=33 type='ALPHANUMERIC'}}",
            "^[a-z0-9]{33}$",
        ),
        (
            "{{randomValue length=27 type='ALPHABETIC' uppercase=true}}",
            "^[A-Z]{27}$",
        ),
        ("{{randomValue length=10 type='NUMERIC'}}", "^[0-9]{10}$"),
        (
            "{{randomValue length=5 type='ALPHANUMERIC_AND_SYMBOLS'}}",
            "^.{5}$",
        ),
        (
            "{{randomValue type='UUID'}}",
            "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        ),
        (
            "{{randomValue length=32 type='HEXADECIMAL' uppercase=true}}",
            "^[A-F0-9]{32}$",
        ),
        ("{{pickRandom '1' '2' '3'}}", "^[123]$"),
        ("{{randomInt lower=5 upper=9}}", "^[5-9]$"),
        ("{{randomDecimal lower=-10.1 upper=-0.9}}", r"^-\d+\.\d+$"),
    ] {
        is(&filled(template, "GET /", "").await, pattern);
    }
    // The same seed, the same chance.
    let draw = || filled("{{randomValue length=33 type='ALPHANUMERIC'}}", "GET /", "");
    assert_eq!(draw().await, draw().await);
}

#[test]
fn webhooks() {
    let text = r#"{
        "request": {
            "urlPath": "/something-async",
            "method": "POST"
        },
        "response": {
            "status": 200
        },
        "serveEventListeners": [
            {
                "name": "webhook",
                "parameters": {
                    "method": "{{jsonPath originalRequest.body '$.callbackMethod'}}",
                    "url": "{{jsonPath originalRequest.body '$.callbackUrl'}}"
                }
            },
            {
                "name": "webhook",
                "parameters": {
                    "method": "GET",
                    "url": "http://my-target-host/callback",
                    "delay": {
                        "type": "uniform",
                        "lower": 500,
                        "upper": 1000
                    }
                }
            }
        ]
    }"#;
    let folder = folder(&[("mappings/a.json", text)]).unwrap();
    assert_eq!(folder.stubs[0].hooks.len(), 2);
}
