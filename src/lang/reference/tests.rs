use super::*;
use crate::lang::toy;

fn toy_catalog() -> Catalog {
    let engine = toy::engine();
    let mut catalog = toy::catalog(&engine);
    catalog.add_type_docs(&engine);
    catalog
}

/// Shows a help text as lines.
fn show(text: &HelpText) -> Vec<String> {
    let mut lines = vec![format!("= {}", text.title)];
    for section in &text.sections {
        if !section.heading.is_empty() {
            lines.push(format!("[{}]", section.heading));
        }
        match &section.body {
            Body::Text(paragraphs) => lines.extend(paragraphs.clone()),
            Body::Code(code) => lines.extend(code.iter().map(|line| format!("> {line}"))),
            Body::Rows(rows) => lines.extend(rows.iter().map(|(name, text)| format!("{name} | {text}"))),
        }
    }
    lines
}

fn help_on(name: &str) -> Vec<String> {
    help(&toy_catalog(), name).map(|text| show(&text)).unwrap_or_default()
}

#[test]
fn help_on_a_method_is_everything_about_it() {
    let expected = [
        "= Guest.undefine",
        "> Guest.undefine()",
        "> Guest.undefine(options: map)",
        "Forgets the guest.",
        "[Options]",
        "managed_save | Also removes the managed save image (true or false)",
        "nvram, firmware | Also removes the NVRAM file (true or false)",
        "loop_ | Whether to repeat (true or false)",
        "[Errors]",
        "`operation_failed` where it has a managed save image.",
        "[Example]",
        "> guest(\"web1\").undefine(#{ nvram: true });",
    ];
    for name in ["Guest.undefine", "undefine", " Guest.undefine() "] {
        assert_eq!(help_on(name), expected, "{name}");
    }
}

#[test]
fn help_on_a_type_lists_its_members() {
    let lines = help_on("Guest");
    assert_eq!(
        lines[..4],
        [
            "= Guest",
            "A guest on a host.",
            "[Properties]",
            "Guest.autostart: bool (settable) | Whether it starts with the host."
        ]
    );
    assert!(lines.contains(&"Guest.start() | Starts the guest.".to_string()), "{lines:#?}");
}

#[test]
fn help_on_modules_and_their_functions() {
    assert_eq!(
        help_on("fs"),
        [
            "= fs",
            "[Functions]",
            "fs::read(path: string) -> string | Reads a text file.",
            "fs::write(path: string, text: string) | Writes a text file.",
        ]
    );
    assert_eq!(
        help_on("fs::read")[..3],
        ["= fs::read", "> fs::read(path: string) -> string", "Reads a text file."]
    );
    assert_eq!(
        help_on("snapshots")[..5],
        [
            "= snapshots",
            "Snapshots by age.",
            "> import \"snapshots\" as snapshots;",
            "[Functions]",
            "snapshots::prune(guest, keep) | Removes the oldest snapshots.",
        ]
    );
    assert_eq!(help_on("snapshots::prune").last().unwrap(), "> import \"snapshots\" as snapshots;");
}

#[test]
fn a_name_of_several_things_lists_them() {
    let lines = help_on("guests");
    assert_eq!(lines[0], "= guests");
    let lines = help_on("start");
    assert_eq!(lines[..2], ["= start", "Guest.start() | Starts the guest."]);
    assert!(lines.last().unwrap().starts_with("Ask for one of `Guest.start`"), "{lines:#?}");
}

#[test]
fn an_unknown_name_has_near_ones() {
    let catalog = toy_catalog();
    assert_eq!(help(&catalog, "undefin"), None);
    assert_eq!(help(&catalog, ""), None);
    assert_eq!(near(&catalog, "undefin")[0], "undefine");
    assert_eq!(near(&catalog, "Guest.strat")[0], "Guest.start");
    assert_eq!(near(&catalog, "qqqqqq"), [""; 0]);
}

#[test]
fn the_index_names_all_that_is_virhais() {
    let lines = show(&index(&toy_catalog()));
    for line in [
        "Guest | A guest on a host.",
        "gib(count: int) -> int | Returns bytes for a number of GiB.",
        "snapshots | Snapshots by age.",
    ] {
        assert!(lines.contains(&line.to_string()), "{line}: {lines:#?}");
    }
}

#[test]
fn the_page_documents_everything_and_is_stable() {
    let page = markdown(&toy_catalog());
    assert_eq!(page, markdown(&toy_catalog()));
    for part in [
        "- [Types](#types): [Doc](#doc), [Guest](#guest), [Host](#host), [array](#array)\n",
        "#### guests\n\n```rhai\nguests() -> [Guest]\nguests(options: map) -> [Guest]\n```\n\nReturns the guests of the default host.\n\n| option | |\n",
        "| `order` | What to sort by (one of `name`, `memory`) |\n",
        "### Guest\n\nA guest on a host.\n\n| property | type | |\n|---|---|---|\n| `autostart` | bool | Whether it starts with the host. Settable. |\n",
        "#### Guest.start\n\n```rhai\nGuest.start()\n```\n\nStarts the guest.\n\nErrors: `operation_invalid` where it runs already.\n\n```rhai\nguest(\"web1\").start();\n```\n",
        "### fs\n\n#### fs::read\n",
        "### snapshots\n\n```rhai\nimport \"snapshots\" as snapshots;\n```\n\nSnapshots by age.\n",
        "- range: ",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("\n\n\n") && page.ends_with("`\n"), "{page}");
}
