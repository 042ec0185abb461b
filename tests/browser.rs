//! A headless Chromium, for looking at a page as a reader does.

use crate::support::{Scratch, check};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
};
use chromiumoxide::cdp::browser_protocol::input::{DispatchKeyEventParams, DispatchKeyEventType};
use chromiumoxide::cdp::browser_protocol::log::EventEntryAdded;
use chromiumoxide::cdp::browser_protocol::network::EventRequestWillBeSent;
use chromiumoxide::cdp::browser_protocol::page::{
    CaptureScreenshotFormat, CaptureScreenshotParams, PrintToPdfParams, Viewport,
};
use chromiumoxide::cdp::js_protocol::runtime::{EventConsoleApiCalled, EventExceptionThrown};
use chromiumoxide::{Browser, BrowserConfig, Page};
use futures::StreamExt;
use libtest_mimic::Failed;
use serde_json::Value;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How Chromium is called where.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// A page that has not done what it should by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser of this machine, if it has one.
pub fn chromium() -> Option<&'static PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let there = |name: &&&str| {
        let mut command = Command::new(**name);
        let command = command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = || NAMES.iter().find(there).map(PathBuf::from);
    FOUND
        .get_or_init(|| found().and_then(|name| on_path(&name)))
        .as_ref()
}

/// Where a program lies.
fn on_path(name: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// One tab, with all that it asked for and all that it complained of.
pub struct Tab {
    runtime: Runtime,
    browser: Browser,
    page: Page,
    asked: Arc<Mutex<Vec<String>>>,
    complaints: Arc<Mutex<Vec<String>>>,
    _profile: Scratch,
}

type Told<T> = Result<T, Failed>;

impl Tab {
    /// Opens a file.
    pub fn open(file: &Path) -> Told<Tab> {
        let runtime = Runtime::new()?;
        let profile = Scratch::new();
        let config = BrowserConfig::builder()
            .chrome_executable(chromium().ok_or("no Chromium here")?)
            .user_data_dir(profile.path("profile"))
            // Tests run as root in containers, where there is no sandbox to be had.
            .no_sandbox()
            .new_headless_mode()
            .launch_timeout(PATIENCE)
            .request_timeout(PATIENCE)
            .viewport(None)
            .window_size(1280, 900)
            .build()?;
        let (asked, complaints) = <(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>)>::default();
        let (browser, page) = runtime.block_on(async {
            let (browser, mut handler) = Browser::launch(config).await?;
            // It does the browser's talking for as long as there is one.
            tokio::spawn(async move { while handler.next().await.is_some() {} });
            let page = browser.new_page("about:blank").await?;
            listen(&page, &asked, &complaints).await?;
            Ok::<_, Failed>((browser, page))
        })?;
        let tab = Tab {
            runtime,
            browser,
            page,
            asked,
            complaints,
            _profile: profile,
        };
        tab.size(1280, 900)?;
        tab.go(&format!("file://{}", file.display()))?;
        Ok(tab)
    }

    fn wait<T, E: Into<Failed>>(&self, future: impl Future<Output = Result<T, E>>) -> Told<T> {
        let done = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, future).await });
        done.map_err(|_| Failed::from("the browser did not answer in time"))?
            .map_err(Into::into)
    }

    /// Goes to an address.
    pub fn go(&self, url: &str) -> Told<()> {
        self.wait(self.page.goto(url))?;
        self.until("document.readyState === 'complete'")
    }

    /// What an expression gives, or the promise that it is.
    pub fn js(&self, expression: &str) -> Told<Value> {
        let result = self.wait(self.page.evaluate_expression(expression));
        let result = result.map_err(|e| format!("{expression}: {e:?}"))?;
        Ok(result.value().cloned().unwrap_or_default())
    }

    /// The text that an expression gives.
    pub fn text(&self, expression: &str) -> Told<String> {
        Ok(self.js(expression)?.as_str().unwrap_or_default().to_owned())
    }

    /// The number that an expression gives.
    pub fn number(&self, expression: &str) -> Told<f64> {
        let value = self.js(expression)?;
        value
            .as_f64()
            .ok_or_else(|| format!("{expression} is {value}").into())
    }

    /// Waits until an expression holds; it is looked at with every frame.
    pub fn until(&self, condition: &str) -> Told<()> {
        let wait = format!(
            "new Promise(done => {{ const look = () => ({condition}) ? done(true) : requestAnimationFrame(look); look(); }})"
        );
        self.js(&wait)
            .map(drop)
            .map_err(|e| format!("waited for {condition}: {e:?}").into())
    }

    /// Fails unless an expression holds now.
    pub fn holds(&self, condition: &str) -> Told<()> {
        let value = self.js(condition)?;
        check(value == true, || format!("{condition} is {value}"))
    }

    /// Presses a key, by its name in the DOM.
    pub fn press(&self, key: &str) -> Told<()> {
        let text = match key {
            "Enter" => Some("\r"),
            one if one.chars().count() == 1 => Some(one),
            _ => None,
        };
        // The browser itself goes by this number, as for Tab.
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            _ => 0,
        };
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let mut event = DispatchKeyEventParams::builder()
                .r#type(kind.clone())
                .key(key)
                .windows_virtual_key_code(code);
            if let (Some(text), DispatchKeyEventType::KeyDown) = (text, kind) {
                event = event.text(text);
            }
            self.wait(self.page.execute(event.build()?))?;
        }
        Ok(())
    }

    /// Moves the pointer to a place in the first timeline.
    pub fn point(&self, x: f64, y: f64) -> Told<()> {
        self.pointer("pointermove", x, y)
    }

    /// Turns the wheel at a place, with Ctrl.
    pub fn wheel(&self, x: f64, y: f64, by: f64) -> Told<()> {
        self.happens(
            "WheelEvent",
            "wheel",
            x,
            y,
            &format!("deltaY: {by}, ctrlKey: true"),
        )
    }

    /// Drags from one place to another.
    pub fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Told<()> {
        self.pointer("pointerdown", from.0, from.1)?;
        self.pointer("pointermove", to.0, to.1)?;
        self.pointer("pointerup", to.0, to.1)
    }

    fn pointer(&self, kind: &str, x: f64, y: f64) -> Told<()> {
        self.happens("PointerEvent", kind, x, y, "pointerId: 1, isPrimary: true")
    }

    /// Something happens to the timeline, at a place in it. The page is told itself: it may be scrolling still, and the
    /// DevTools protocol wants places in the window.
    fn happens(&self, class: &str, kind: &str, x: f64, y: f64, more: &str) -> Told<()> {
        self.js(&format!(
            "{{ const canvas = document.querySelector('canvas'), {{left, top}} = canvas.getBoundingClientRect(); \
             canvas.dispatchEvent(new {class}('{kind}', {{clientX: left + {x}, clientY: top + {y}, \
             bubbles: true, cancelable: true, {more}}})); null }}"
        ))
        .map(drop)
    }

    /// Makes the window this large, in CSS pixels.
    pub fn size(&self, width: i64, height: i64) -> Told<()> {
        let size = SetDeviceMetricsOverrideParams::new(width, height, 1.0, false);
        self.wait(self.page.execute(size)).map(drop)
    }

    /// The reader wants `light` or `dark`.
    pub fn scheme(&self, scheme: &str) -> Told<()> {
        let feature = MediaFeature::new("prefers-color-scheme", scheme);
        let media = SetEmulatedMediaParams::builder().feature(feature).build();
        self.wait(self.page.execute(media)).map(drop)
    }

    /// The whole page as a PNG.
    pub fn picture(&self, file: &Path) -> Told<()> {
        let (width, height) = (
            self.number("innerWidth")?,
            self.number("document.documentElement.scrollHeight")?,
        );
        let params = CaptureScreenshotParams::builder()
            .format(CaptureScreenshotFormat::Png)
            .capture_beyond_viewport(true)
            .clip(Viewport {
                x: 0.0,
                y: 0.0,
                width,
                height: height.min(8000.0),
                scale: 1.0,
            })
            .build();
        Ok(std::fs::write(
            file,
            self.wait(self.page.screenshot(params))?,
        )?)
    }

    /// The page on paper, as a PDF.
    pub fn paper(&self) -> Told<Vec<u8>> {
        self.wait(self.page.pdf(PrintToPdfParams::default()))
    }

    /// Fails if it asked for anything but files of one folder, or complained of anything.
    pub fn is_content(&self) -> Told<()> {
        let asked = self.asked.lock().expect("no panic while it is held");
        let outside = asked.iter().find(|url| !url.starts_with("file://"));
        check(outside.is_none() && asked.len() <= 1, || {
            format!("asked for {asked:?}")
        })?;
        let complaints = self.complaints.lock().expect("no panic while it is held");
        check(complaints.is_empty(), || {
            format!("complaints: {complaints:?}")
        })
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let browser = &mut self.browser;
        self.runtime.block_on(async {
            let _ = browser.close().await;
            let _ = browser.wait().await;
        });
    }
}

/// Writes down what a page asks for and what goes wrong in it.
async fn listen(
    page: &Page,
    asked: &Arc<Mutex<Vec<String>>>,
    complaints: &Arc<Mutex<Vec<String>>>,
) -> Told<()> {
    macro_rules! note {
        ($event:ty, $into:expr, $words:expr) => {{
            let mut events = page.event_listener::<$event>().await?;
            let into = $into.clone();
            tokio::spawn(async move {
                while let Some(event) = events.next().await {
                    into.lock()
                        .expect("no panic while it is held")
                        .push($words(&event));
                }
            });
        }};
    }
    page.execute(chromiumoxide::cdp::browser_protocol::network::EnableParams::default())
        .await?;
    page.execute(chromiumoxide::cdp::browser_protocol::log::EnableParams::default())
        .await?;
    note!(
        EventRequestWillBeSent,
        asked,
        |e: &EventRequestWillBeSent| e.request.url.clone()
    );
    note!(
        EventExceptionThrown,
        complaints,
        |e: &EventExceptionThrown| format!("{e:?}")
    );
    note!(EventEntryAdded, complaints, |e: &EventEntryAdded| format!(
        "{:?}",
        e.entry
    ));
    note!(
        EventConsoleApiCalled,
        complaints,
        |e: &EventConsoleApiCalled| format!("{e:?}")
    );
    Ok(())
}
