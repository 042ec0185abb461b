//! `shakedown double`: the stand-in for a third party, as a service of its own.

use super::{Answer, DoubleArgs, Refusal, session};
use shakedown_harness::double::{self, Folder};
use shakedown_harness::problem::Problem;
use shakedown_harness::seed::Seed;

/// Plays a folder until it is told to end.
pub async fn double(args: DoubleArgs) -> Answer {
    let folder = Folder::read(&args.folder)?;
    let hosts = args.at.iter().filter_map(|text| host(text)).collect();
    let served = double::serve(args.listen, folder, hosts, Seed(args.seed));
    tokio::select! {
        served = served => match served {
            Ok(()) => Ok(0),
            Err(error) => {
                let what = format!("cannot listen at {}: {error}", args.listen);
                let problem = Problem { what, place: None, help: None };
                Err(Refusal::NoEnvironment(problem.into()))
            }
        },
        _ = session::interrupted() => Ok(0),
    }
}

/// `web/8000=http://127.0.0.1:8000`: how it is called, and where it is.
fn host(text: &str) -> Option<(String, String)> {
    let (name, url) = text.split_once('=')?;
    let at = url.strip_prefix("http://").unwrap_or(url);
    Some((name.replace('/', ":"), at.to_owned()))
}
