use super::*;
use std::net::SocketAddr;

#[test]
fn the_next_page_is_asked_of_the_same_service() {
    let here = "http://127.1.2.3:8000/api/jobs/?page=1";
    let check = |next, expected| assert_eq!(following(here, next).unwrap(), expected, "{next}");
    check(
        "http://site:8000/api/jobs/?page=2",
        "http://127.1.2.3:8000/api/jobs/?page=2",
    );
    check("?page=2", "http://127.1.2.3:8000/api/jobs/?page=2");
    check("/other", "http://127.1.2.3:8000/other");
}

/// What one look at a real server sees.
async fn look(app: axum::Router, rule: &Learn, known: &Known) -> Result<Vec<Sighting>, String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut poll = Poll::new(rule, &|_, _| Some(address), ("job", known)).unwrap();
    let seen = poll.look().await;
    serving.abort();
    seen
}

/// A rule of a list of ids.
fn listed(next: Option<&str>) -> Learn {
    let cel = |text: &str| Expression::parse(text).unwrap();
    Learn {
        place: crate::problem::Place::new("shakedown.yaml".as_ref(), 1, 1),
        evidence: Evidence::Poll {
            method: "GET".to_owned(),
            url: "http://site:80/".to_owned(),
            every: Duration::from_secs(1),
            each: Some(cel("body.results")),
            next: next.map(cel),
        },
        when: None,
        id: Some(cel("string(item)")),
        set: Default::default(),
        event: Some("listed".to_owned()),
        gone: None,
    }
}

/// What is seen of three pages of two items, of which each but the last names the next.
async fn seen(next: Option<&str>) -> Result<Vec<String>, String> {
    use axum::Json;
    let page = async |axum::extract::RawQuery(query): axum::extract::RawQuery| {
        let page: u64 = query.map_or(1, |q| q.trim_start_matches("page=").parse().unwrap());
        let next = (page < 3).then(|| format!("http://site:80/?page={}", page + 1));
        let mut list = serde_json::json!({"results": [10 * page, 10 * page + 1]});
        if let Some(next) = next {
            list["next"] = next.into();
        }
        Json(list)
    };
    let app = axum::Router::new().route("/", axum::routing::get(page));
    let nobody: Known = Arc::new(|_| Vec::new());
    let seen = look(app, &listed(next), &nobody).await;
    seen.map(|seen| seen.into_iter().map(|one| one.id).collect())
}

#[tokio::test]
async fn a_look_takes_all_pages() {
    let all = ["10", "11", "20", "21", "30", "31"].map(str::to_owned);
    assert_eq!(seen(Some("body.next")).await.unwrap(), all);
    assert_eq!(seen(None).await.unwrap(), all[..2]);
    assert_eq!(seen(Some("body.after")).await.unwrap(), all[..2]);
    assert!(
        seen(Some("size(body.results)"))
            .await
            .unwrap_err()
            .contains("no URL")
    );
    let for_ever = seen(Some("\"/?page=1\"")).await.unwrap_err();
    assert!(for_ever.contains("more than 1000 pages"), "{for_ever}");
}

#[tokio::test]
async fn what_a_list_that_moves_between_its_pages_misses_is_not_known_to_be_gone() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    // At the second request, the last item becomes the first.
    let asked = Arc::new(AtomicUsize::new(0));
    let page = move |axum::extract::RawQuery(query): axum::extract::RawQuery| {
        let list = match asked.fetch_add(1, Ordering::SeqCst) {
            0 => ["a", "b", "c", "d"],
            _ => ["d", "a", "b", "c"],
        };
        async move {
            axum::Json(match query {
                None => serde_json::json!({"results": list[..2], "next": "?page=2"}),
                Some(_) => serde_json::json!({"results": list[2..]}),
            })
        }
    };
    let app = axum::Router::new().route("/", axum::routing::get(page));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let nobody: Known = Arc::new(|_| Vec::new());
    let rule = listed(Some("body.next"));
    let mut poll = Poll::new(&rule, &|_, _| Some(address), ("job", &nobody)).unwrap();
    for (expected, missed) in [
        (["a", "b", "b", "c"], Missed::Moved),
        (["d", "a", "b", "c"], Missed::Moved),
        (["d", "a", "b", "c"], Missed::Nothing),
    ] {
        let seen = poll.look().await.unwrap();
        let ids: Vec<&str> = seen.iter().map(|one| &one.id[..]).collect();
        assert_eq!(ids, expected);
        assert_eq!(poll.missed(), missed);
    }
    serving.abort();
}

#[tokio::test]
async fn each_look_has_a_connection_of_its_own() {
    let from = |axum::extract::ConnectInfo(from): axum::extract::ConnectInfo<SocketAddr>| async move {
        axum::Json(serde_json::json!({"results": [from.port()]}))
    };
    let app = axum::Router::new().route("/", axum::routing::get(from));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let nobody: Known = Arc::new(|_| Vec::new());
    let rule = listed(None);
    let mut poll = Poll::new(&rule, &|_, _| Some(address), ("job", &nobody)).unwrap();
    let first = poll.look().await.unwrap();
    assert_ne!(first, poll.look().await.unwrap());
    serving.abort();
}

#[tokio::test]
async fn each_entity_that_is_known_is_asked_for_by_its_id() {
    use axum::extract::Path;
    let told = async |Path(id): Path<String>| match id.as_str() {
        "lost" => Err(axum::http::StatusCode::NOT_FOUND),
        id => Ok(axum::Json(serde_json::json!({"state": format!("of {id}")}))),
    };
    let app = axum::Router::new().route("/jobs/{id}", axum::routing::get(told));
    let cel = |text: &str| Expression::parse(text).unwrap();
    let rule = Learn {
        place: crate::problem::Place::new("shakedown.yaml".as_ref(), 1, 1),
        evidence: Evidence::Poll {
            method: "GET".to_owned(),
            url: "http://site:80/jobs/${id}".to_owned(),
            every: Duration::from_secs(1),
            each: None,
            next: None,
        },
        when: Some(cel("status == 200")),
        id: None,
        set: [("state".to_owned(), cel("body.state"))]
            .into_iter()
            .collect(),
        event: None,
        gone: None,
    };
    let known: Known = Arc::new(|kind| {
        assert_eq!(kind, "job");
        ["7", "lost", "a b+/c"].map(str::to_owned).to_vec()
    });
    let seen = look(app, &rule, &known).await.unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|one| (&one.id[..], &one.set["state"]))
        .collect();
    assert_eq!(
        seen,
        [("7", &"of 7".into()), ("a b+/c", &"of a b+/c".into())]
    );
}
