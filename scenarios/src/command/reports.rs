//! The reports that a CI reads: each is a file that is written whole or not at all, and whose place is tried before
//! anything starts.

use super::session::told;
use clap::Args;
use shakedown_harness::problem::{Problem, Problems};
use shakedown_harness::report::{self, Results};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Which reports, and where they go.
#[derive(Args)]
pub struct ReportArgs {
    /// Write a report in JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a summary in Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write a report in Cucumber's JSON
    #[arg(long, value_name = "FILE")]
    cucumber_json: Option<PathBuf>,
    /// In GitHub Actions: annotate the lines of the feature files, and add the summary to that of the job
    #[arg(long)]
    github: bool,
}

/// The rights that any file has when it is made; the process's mask is taken from them.
const MODE: u32 = 0o666;
/// Where GitHub Actions takes a job's summary, and where the repository is.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
const WORKSPACE: &str = "GITHUB_WORKSPACE";

/// The reports that were asked for.
pub struct Reports<'a> {
    args: &'a ReportArgs,
    summary: Option<PathBuf>,
    workspace: Option<PathBuf>,
}

impl ReportArgs {
    /// The files that are written.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.junit, &self.markdown, &self.cucumber_json]
            .into_iter()
            .flatten()
    }
}

impl<'a> Reports<'a> {
    /// Tries all places.
    ///
    /// # Errors
    /// Every file that cannot be written, and those that two reports would write.
    pub fn prepare(args: &'a ReportArgs) -> Result<Reports<'a>, Problems> {
        let mut problems = Problems::default();
        let mut seen: Vec<PathBuf> = Vec::new();
        for file in args.files() {
            if let Err(error) = temporary(file) {
                problems.push(unwritable(file, &error));
            }
            let full = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            if seen.contains(&full) {
                let what = "two reports cannot be the same file";
                problems.push(Problem::with_file(file, what).help("give each a file of its own"));
            }
            seen.push(full);
        }
        let variable = |name| {
            std::env::var_os(name)
                .filter(|_| args.github)
                .map(PathBuf::from)
        };
        let summary = variable(SUMMARY);
        if let Some(file) = &summary
            && let Err(error) = append(file)
        {
            let help = format!("{SUMMARY} names it");
            problems.push(unwritable(file, &error).help(help));
        }
        problems.or(Reports {
            args,
            summary,
            workspace: variable(WORKSPACE),
        })
    }

    /// Keeps what services and stacks say from being taken for commands of the runner, until [`Reports::write`]. `word` is
    /// one that nobody else knows.
    pub fn quiet(&self, word: &str) {
        if self.args.github {
            say!("::stop-commands::{word}");
        }
    }

    /// Writes all of them. Says of each where it is, or why it could not be written; false: one could not.
    pub fn write(&self, results: &Results<'_>, word: &str) -> bool {
        let mut whole = true;
        let mut put = |file: &Option<PathBuf>, text: &dyn Fn() -> String| {
            if let Some(file) = file {
                whole &= told("report", file, replace(file, &text()));
            }
        };
        put(&self.args.junit, &|| report::junit(results));
        put(&self.args.markdown, &|| report::markdown(results));
        put(&self.args.cucumber_json, &|| {
            let value = report::cucumber_json(results);
            serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
        });
        if self.args.github {
            say!("::{word}::");
            let annotations = report::annotations(results, self.workspace.as_deref());
            say!("{}", annotations.trim_end());
        }
        if let Some(file) = &self.summary {
            let text = report::markdown(results);
            let added = append(file).and_then(|mut file| file.write_all(text.as_bytes()));
            whole &= told("report", file, added);
        }
        whole
    }
}

fn unwritable(file: &Path, error: &io::Error) -> Problem {
    Problem::with_file(file, format!("this report cannot be written: {error}"))
        .help("name a file in a folder that can be written to")
}

/// A new file beside the one that it is to become.
fn temporary(file: &Path) -> io::Result<NamedTempFile> {
    if file.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut new = temporary(file)?;
    new.write_all(text.as_bytes())?;
    new.persist(file)?;
    Ok(())
}

fn append(file: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(file)
}
