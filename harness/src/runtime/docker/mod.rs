//! The docker runtime: not there yet.

/// Whether a Docker daemon answers.
///
/// # Errors
/// Always, until containers are supported.
pub async fn answers() -> Result<(), String> {
    Err("containers are not supported yet".to_owned())
}

/// Removes the containers of a run.
///
/// # Errors
/// Never: there are none.
pub async fn sweep(_run: &str) -> Result<(), String> {
    Ok(())
}
