//! `report`: that its figures are virsh's, and that a browser shows all of it.

use std::path::Path;
use std::process::Command;

use crate::support::{Domain, Need, Node, Virhai, lab_or_skip, project};

/// Guests with names that HTML has to escape, long ones, and more memory than there is.
fn node() -> Node {
    let mut node = Node::small()
        .domain(Domain::new("<script>alert(1)<script> & \"quoted\"", 20).vcpus(64).memory_mib(40_000))
        .domain(Domain::new(&"a-name-without-an-end-".repeat(6), 21).paused());
    for number in 30..50 {
        node = node.domain(Domain::new(&format!("vm{number}"), number).shut_off());
    }
    node
}

/// Makes a report of a node and returns it; `runs` is how often samples are kept before.
fn report(folder: &Path, uri: &str, runs: usize) -> String {
    let virhai = || Virhai::new().connect(uri).env("STATE_DIRECTORY", folder);
    for _ in 0..runs {
        let check = virhai().arg(project("scripts/host-check.rhai")).arg("--no-validate").any_stdout();
        // More is promised than there is.
        check.status(6).run();
    }
    let file = folder.join("report.html");
    let run = virhai().arg(project("scripts/report.rhai")).arg("--no-kvm").arg("--out").arg(&file);
    run.stderr_contains("report.html is written").run();
    std::fs::read_to_string(&file).unwrap()
}

fn virsh(uri: &str, words: &[&str]) -> String {
    let output =
        Command::new("virsh").args(["-q", "-c", uri]).args(words).env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A number of a line such as `Used memory: 524288 KiB`.
fn figure(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("{name}: {text}")).split_whitespace().next().unwrap().parse().unwrap()
}

/// The row of a table that begins with this cell.
fn row<'a>(page: &'a str, first: &str) -> &'a str {
    let start = page.find(&format!("<tr><td>{first}</td>")).unwrap_or_else(|| panic!("no row of {first}"));
    &page[start..start + page[start..].find("</tr>").unwrap()]
}

/// The exact numbers of a row.
fn numbers(row: &str) -> Vec<u64> {
    row.split("data-value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn every_figure_is_that_of_virsh() {
    lab_or_skip!(Need::Program("virsh"));
    let folder = tempfile::tempdir().unwrap();
    let uri = node().write(&folder.path().join("node.xml"));
    let page = report(folder.path(), &uri, 0);
    let mut running = (0, 0);
    for name in ["web1", "web2", "db1", "cache", "old", "vm30"] {
        let row = row(&page, name);
        let info = virsh(&uri, &["dominfo", name]);
        assert_eq!(numbers(row), [figure(&info, "CPU(s)"), figure(&info, "Used memory") * 1024], "{name}");
        let state = virsh(&uri, &["domstate", name]).trim().replace("shut off", "shutoff");
        assert!(row.contains(&format!(">{state}</td>")), "{name} {state}: {row}");
    }
    for name in virsh(&uri, &["list", "--name"]).lines().filter(|name| !name.is_empty()) {
        let info = virsh(&uri, &["dominfo", name]);
        running = (running.0 + figure(&info, "CPU(s)"), running.1 + figure(&info, "Used memory") * 1024);
    }
    let host = virsh(&uri, &["nodeinfo"]);
    assert_eq!(numbers(row(&page, "CPUs")), [running.0, figure(&host, "CPU(s)")]);
    assert_eq!(numbers(row(&page, "Memory")), [running.1, figure(&host, "Memory size") * 1024]);
    let pool = virsh(&uri, &["pool-info", "default", "--bytes"]);
    assert_eq!(numbers(row(&page, "Pool default")), [figure(&pool, "Allocation"), figure(&pool, "Capacity")]);
    assert!(row(&page, "db1").contains("running") && page.contains("<td>before</td>"), "{page}");
}

#[test]
fn a_page_needs_nothing_else_and_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let uri = node().write(&folder.path().join("node.xml"));
    let page = report(folder.path(), &uri, 0);
    assert_eq!(page.matches("No growth to show").count(), 3);
    for outside in ["http://", "https://", "<script", "url(", "@import", " src="] {
        let found = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!found.contains(outside), "{outside}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;script&gt; &amp; &quot;quoted&quot;"));
    let page = report(folder.path(), &uri, 2);
    assert_eq!(page.matches("<svg").count(), 3);
    assert_eq!(page.matches("No growth to show").count(), 0);
    assert!(page.contains("The 8 largest of 27 are shown."));
}

#[test]
fn a_page_can_be_made_of_facts_that_a_script_has_looked_at() {
    let state = tempfile::tempdir().unwrap();
    let code = "import \"report\" as report; let facts = report::facts(#{ validate: false }); facts.guests = [];\
                report::html(facts).contains(\"There is no guest.\")";
    Virhai::new().small_node().env("STATE_DIRECTORY", state.path()).args(["-e", code]).stdout("true\n").run();
    let wrong = "import \"report\" as report; report::facts(#{ sicne: \"1d\" })";
    let run = Virhai::new().small_node().args(["-e", wrong]).status(1);
    run.stderr_contains("a report has no option \"sicne\"").stderr_contains("did you mean \"since\"?").run();
}

/// Opens a page in Chromium without a window and returns what it wrote.
fn browse(folder: &Path, page: &Path, options: &[&str]) -> (String, String) {
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--allow-file-access-from-files",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(options)
        .arg(format!("file://{}", page.display()))
        .env("HOME", folder)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_browser_shows_all_of_it_without_a_complaint() {
    lab_or_skip!(Need::Program("chromium"));
    let folder = tempfile::tempdir().unwrap();
    let uri = node().write(&folder.path().join("node.xml"));
    report(folder.path(), &uri, 2);
    let page = folder.path().join("report.html");
    let (dom, words) = browse(folder.path(), &page, &["--dump-dom"]);
    assert!(!words.contains("CONSOLE"), "{words}");
    for text in
        ["Capacity and overcommit", "a-name-without-an-end-", "<svg", "Oldest snapshots", "Validation"]
    {
        assert!(dom.contains(text), "{text}: {dom}\n{words}");
    }
    // The width of a screen, of A4 between its margins, and of a telephone.
    for width in [1280, 703, 400] {
        let frame = format!(
            "<body><iframe src='report.html' style='border:0;width:{width}px;height:800px' onload='look(this)'></iframe>\
             <script>function look(f) {{ const d = f.contentDocument; let wide = 0;\
             for (const e of d.querySelectorAll('body *')) wide = Math.max(wide, e.getBoundingClientRect().right);\
             document.title = 'found ' + d.documentElement.scrollWidth + ' ' + Math.ceil(wide); }}</script></body>"
        );
        let test = folder.path().join("frame.html");
        std::fs::write(&test, frame).unwrap();
        let (dom, words) = browse(folder.path(), &test, &["--dump-dom", "--window-size=1400,900"]);
        let found = dom.split("found ").nth(1).unwrap_or_else(|| panic!("{dom}\n{words}"));
        let found: Vec<u32> = found.split(['<', ' ']).take(2).map(|number| number.parse().unwrap()).collect();
        assert!(found[0] <= width && found[1] <= width && found[1] > width / 2, "{width}: {found:?}");
    }
    let pdf = folder.path().join("report.pdf");
    browse(folder.path(), &page, &[&format!("--print-to-pdf={}", pdf.display())]);
    let pdf = std::fs::read(&pdf).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    // A4 in points.
    let pages = String::from_utf8_lossy(&pdf);
    let size = pages.split("/MediaBox [").nth(1).and_then(|rest| rest.split(']').next()).expect("a page");
    let size: Vec<f64> = size.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert!((size[2] - 595.0).abs() < 2.0 && (size[3] - 842.0).abs() < 2.0, "{size:?}");
    let picture = folder.path().join("report.png");
    browse(
        folder.path(),
        &page,
        &[&format!("--screenshot={}", picture.display()), "--window-size=1280,2400"],
    );
    assert!(std::fs::metadata(&picture).unwrap().len() > 20_000);
}
