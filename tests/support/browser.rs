//! A headless Chromium that shows pages, is pointed at and pressed, and tells what went wrong. It is
//! spoken to over two pipes, in JSON (the Chrome DevTools Protocol).

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// It asks for nothing over the network, and leaves nothing behind.
const OPTIONS: &str = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic \
     --no-first-run --disable-background-networking --disable-component-update --disable-sync \
     --hide-scrollbars --force-device-scale-factor=1 --remote-debugging-pipe";

/// The browser's command, where there is one.
pub fn chromium() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("command -v {name}")]).stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// The browser, with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: String,
    calls: u64,
    /// What went wrong in the page, and what it asked the network for.
    pub troubles: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it.
    pub fn start(chromium: &str) -> Browser {
        let profile = tempfile::tempdir().expect("a directory");
        let shell = format!(
            "exec {chromium} {OPTIONS} --user-data-dir={} 3<&0 4>&1 </dev/null >/dev/null 2>&1",
            profile.path().display()
        );
        let mut command = Command::new("sh");
        command.args(["-c", &shell]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a browser");
        let (sender, from) = channel();
        let mut answers = BufReader::new(child.stdout.take().expect("its output"));
        std::thread::spawn(move || {
            let mut answer = Vec::new();
            while answers.read_until(0, &mut answer).is_ok_and(|length| length > 0) {
                answer.pop();
                let _ = sender.send(serde_json::from_slice(&answer).expect("JSON"));
                answer.clear();
            }
        });
        let to = child.stdin.take().expect("its input");
        let session = String::new();
        let troubles = Vec::new();
        let mut browser =
            Browser { child, to, from, session, calls: 0, troubles, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", target);
        browser.session = attached["sessionId"].as_str().expect("a session").to_string();
        for domain in ["Runtime", "Log", "Page", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        let answer = self.ask(method, parameters);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Calls a method, which may fail; what happens meanwhile is looked at.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut message = json!({"id": self.calls, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("a browser that reads");
        loop {
            let answer = self.from.recv_timeout(PATIENCE);
            let answer = answer.unwrap_or_else(|_| panic!("no answer to {method}"));
            if answer["id"] == self.calls {
                return answer;
            }
            self.look_at(&answer);
        }
    }

    fn look_at(&mut self, event: &Value) {
        let parameters = &event["params"];
        let url = &parameters["request"]["url"];
        let is_trouble = match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Page.javascriptDialogOpening") => true,
            Some("Log.entryAdded") => parameters["entry"]["level"] != "info",
            Some("Network.requestWillBeSent") => {
                !url.as_str().is_some_and(|url| url.starts_with("file:") || url == "about:blank")
            }
            _ => false,
        };
        if is_trouble {
            self.troubles.push(event.to_string());
        }
    }

    /// Opens a page in a window of this size, waits until it is drawn, and gives how long that took.
    pub fn open(&mut self, page: &Path, address: &str, [width, height]: [u32; 2]) -> Duration {
        self.troubles.clear();
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
        let begin = Instant::now();
        self.call("Page.navigate", json!({"url": "about:blank"}));
        let url = format!("file://{}{address}", page.display());
        self.call("Page.navigate", json!({"url": url}));
        self.until(
            "document.documentElement.dataset.state !== 'reading' && location.protocol === 'file:'",
        );
        let took = begin.elapsed();
        let state = self.evaluate("document.documentElement.dataset.state");
        assert_eq!(state, "drawn", "{}", self.text("#trouble"));
        took
    }

    /// Shows pages in dark or in light colours.
    pub fn set_dark(&mut self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let feature = json!({"name": "prefers-color-scheme", "value": value});
        self.call("Emulation.setEmulatedMedia", json!({"features": [feature]}));
    }

    /// What an expression comes to.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let found = self.try_evaluate(expression);
        found.unwrap_or_else(|answer| panic!("{expression}: {answer}"))
    }

    fn try_evaluate(&mut self, expression: &str) -> Result<Value, Value> {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", parameters);
        match answer["error"].is_null() && answer["result"]["exceptionDetails"].is_null() {
            true => Ok(answer["result"]["result"]["value"].clone()),
            false => Err(answer),
        }
    }

    /// Waits until an expression is true. (It may fail until then: while a page goes and the next comes.)
    pub fn until(&mut self, expression: &str) {
        let begin = Instant::now();
        while self.try_evaluate(expression) != Ok(Value::Bool(true)) {
            assert!(begin.elapsed() < PATIENCE, "waited in vain for {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The text of the element that a selector names.
    pub fn text(&mut self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({selector:?}).textContent"));
        text.as_str().unwrap_or_default().to_string()
    }

    /// A number that the page keeps with an element.
    pub fn fact(&mut self, id: &str, name: &str) -> u64 {
        let fact = self.evaluate(&format!("document.getElementById('{id}').dataset.{name}"));
        let number = fact.as_str().and_then(|fact| fact.parse().ok());
        number.unwrap_or_else(|| panic!("{id} has {name} {fact}"))
    }

    /// The pointer does something at a point of the window.
    pub fn pointer(&mut self, what: &str, x: f64, y: f64, more: Value) {
        let mut parameters = json!({"type": what, "x": x, "y": y});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call("Input.dispatchMouseEvent", parameters);
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        let text = if key.len() == 1 { key } else { "" };
        for what in ["keyDown", "keyUp"] {
            let text = if what == "keyDown" { text } else { "" };
            self.call("Input.dispatchKeyEvent", json!({"type": what, "key": key, "text": text}));
        }
    }

    /// What the window shows, as a PNG.
    pub fn screenshot(&mut self) -> Vec<u8> {
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}));
        BASE64_STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends by itself when nobody speaks to it any more; and with it all that it started.
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        for _ in 0..500 {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
