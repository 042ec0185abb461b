//! States that requests move on.

use super::*;

const LIST: &str = r#"{"mappings": [
    {"scenarioName": "list", "requiredScenarioState": "Started", "request": {"method": "GET", "url": "/items"},
     "response": {"body": "milk"}},
    {"scenarioName": "list", "requiredScenarioState": "Started", "newScenarioState": "bread added",
     "request": {"method": "POST", "url": "/items"}, "response": {"status": 201}},
    {"scenarioName": "list", "requiredScenarioState": "bread added", "request": {"method": "GET", "url": "/items"},
     "response": {"body": "milk, bread"}}
]}"#;

#[tokio::test]
async fn a_request_moves_a_scenario_on() {
    let double = mapping(LIST);
    assert_eq!(ask(&double, "GET /items", "").await.1, "milk");
    assert_eq!(ask(&double, "POST /items", "").await.0, 201);
    assert_eq!(ask(&double, "GET /items", "").await.1, "milk, bread");
    let (status, told) = ask(&double, "POST /items", "").await;
    assert_eq!(status, 404);
    assert!(
        told.contains("differs in scenario: `list` is in `bread added`, not `Started`"),
        "{told}"
    );
    double.scenarios.reset();
    assert_eq!(ask(&double, "GET /items", "").await.1, "milk");
}

#[tokio::test]
async fn only_one_of_many_requests_moves_it() {
    let text = r#"{"scenarioName": "s", "requiredScenarioState": "Started", "newScenarioState": "over",
        "request": {}, "response": {}}"#;
    let double = mapping(text);
    let asks = (0..50).map(|_| {
        let double = double.clone();
        tokio::spawn(async move { ask(&double, "GET /", "").await.0 })
    });
    let answers = futures::future::join_all(asks).await;
    let moved = answers
        .into_iter()
        .filter(|answer| *answer.as_ref().unwrap() == 200);
    assert_eq!(moved.count(), 1);
}
