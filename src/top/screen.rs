//! The whole screen: the host above, the list or one guest, and the keys below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::model::Model;
use super::{guest, keys, list, text};
use crate::output::{shortened, shown_width};
use crate::units::duration_text;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &mut Model) {
    let [title, host, _, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title_line(model, title.width.into()), title);
    frame.render_widget(Line::from(shortened(&text::host(&model.host), host.width.into())), host);
    if model.shows_help {
        help(frame, body);
    } else if model.is_single {
        guest::draw(frame, body, model);
    } else {
        list::draw(frame, body, model);
    }
    frame.render_widget(foot_line(model, foot.width.into()), foot);
}

/// The connection on the left; guests, time and interval on the right.
fn title_line(model: &Model, width: usize) -> Line<'static> {
    let (known, stale) = model.counts();
    let guests = match known {
        1 => "1 guest".to_owned(),
        known => format!("{known} guests"),
    };
    let stale = if stale == 0 { String::new() } else { format!(", {stale} stale") };
    let pace = if model.is_paused {
        "paused".into()
    } else {
        format!("every {}", duration_text(model.interval.as_secs_f64()))
    };
    let right = format!("{guests}{stale}  {}  {pace}", model.time);
    let title = shortened(&model.title, width.saturating_sub(shown_width(&right) + 2));
    let gap = width.saturating_sub(shown_width(&title) + shown_width(&right));
    Line::from(vec![
        Span::styled(title, Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(" ".repeat(gap)),
        Span::raw(right),
    ])
}

fn foot_line(model: &Model, width: usize) -> Line<'static> {
    if let Some(failure) = &model.failure {
        return Line::from(shortened(failure, width)).style(Style::new().fg(Color::Red));
    }
    if model.is_filtering {
        return Line::from(shortened(&format!("filter: {}_", model.filter), width));
    }
    let text = if model.is_single {
        "Esc back  up/down other guest  +/- interval  space pause  ? help  q quit".to_owned()
    } else if model.filter.is_empty() {
        format!(
            "by {}  Enter details  s sort  r reverse  / filter  space pause  ? help  q quit",
            model.sort.word()
        )
    } else {
        format!(
            "by {}  filter {}  Esc shows all  Enter details  ? help  q quit",
            model.sort.word(),
            model.filter
        )
    };
    Line::from(shortened(&text, width)).style(Style::new().dim())
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let lines = keys::HELP.iter().map(|(keys, meaning)| {
        Line::from(vec![
            Span::styled(format!("{keys:24}"), Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(*meaning),
        ])
    });
    for (line, y) in lines.zip(area.y..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::model::tests::{guest, model};
    use super::*;
    use crate::monitor::{Disk, GuestSample, Nic};

    /// The lines of a screen of that size.
    fn screen(model: &mut Model, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, model)).unwrap();
        let buffer = terminal.backend().buffer();
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..height).map(line).collect()
    }

    fn four() -> Vec<GuestSample> {
        vec![
            guest("db1", Some(150.0), false),
            guest("web1", Some(12.34), false),
            guest("web2", None, false),
            guest("hung", None, true),
        ]
    }

    #[test]
    fn everything_stands_side_by_side_on_a_small_screen() {
        let lines = screen(&mut model(four()), 80, 24);
        assert!(
            lines[0].starts_with("qemu:///system ")
                && lines[0].ends_with("4 guests, 1 stale  12:00:00  every 2s")
        );
        assert_eq!(lines[1], "CPU 120.0 % of 800 %  memory -");
        assert_eq!(
            lines[3].split_whitespace().collect::<Vec<_>>(),
            ["NAME", "STATE", "%CPU", "MEMORY", "READ/s", "WRITE/s", "RX/s", "TX/s"]
        );
        assert_eq!(
            lines[4].split_whitespace().collect::<Vec<_>>(),
            ["db1", "running", "150.0", "4.0G", "-", "-", "-", "-"]
        );
        assert_eq!(lines[6].split_whitespace().nth(1), Some("stale"));
        assert!(lines[23].contains("q quit"), "{}", lines[23]);
        assert!(lines.iter().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn a_large_screen_shows_more_and_a_tiny_one_does_not_fail() {
        let lines = screen(&mut model(four()), 200, 50);
        for title in ["%STEAL", "VCPU", "USED", "RSS", "IOPS"] {
            assert!(lines[3].contains(title), "{}", lines[3]);
        }
        for (width, height) in [(1, 1), (5, 3), (20, 8), (30, 5)] {
            let mut model = model(four());
            screen(&mut model, width, height);
            model.is_single = true;
            screen(&mut model, width, height);
            model.shows_help = true;
            screen(&mut model, width, height);
        }
    }

    #[test]
    fn one_guest_has_its_plots_disks_and_interfaces() {
        let mut sample = guest("db1", Some(150.0), false);
        let counters = std::sync::Arc::make_mut(&mut sample.counters);
        counters.disks =
            vec![Disk { target: "vda".into(), source: Some("/d.qcow2".into()), ..Disk::default() }];
        counters.nics = vec![Nic { name: "vnet0".into(), ..Nic::default() }];
        let mut model = model(vec![sample]);
        model.is_single = true;
        for (width, height) in [(80, 24), (200, 50)] {
            let text = screen(&mut model, width, height).join("\n");
            for part in [
                "db1  running",
                "CPU %",
                "memory",
                "disks",
                "network",
                "vda",
                "/d.qcow2",
                "vnet0",
                "-3m58s",
                "now",
            ] {
                assert!(text.contains(part), "{part} at {width}:\n{text}");
            }
        }
    }

    #[test]
    fn the_cursor_is_always_on_the_screen() {
        let guests = (0..100).map(|n| guest(&format!("g{n:03}"), Some(f64::from(100 - n)), false)).collect();
        let mut model = model(guests);
        model.step(60);
        let lines = screen(&mut model, 80, 24);
        assert!(lines.iter().any(|line| line.starts_with("g060")), "{lines:?}");
        model.step(isize::MAX);
        assert!(screen(&mut model, 80, 24)[22].starts_with("g099"));
        model.step(isize::MIN);
        assert!(screen(&mut model, 80, 24)[4].starts_with("g000"));
    }

    #[test]
    fn a_failure_stands_below_and_the_last_figures_stay() {
        let mut model = model(four());
        model.failure = Some("the connection was lost".into());
        let lines = screen(&mut model, 80, 24);
        assert_eq!(lines[23], "the connection was lost");
        assert!(lines[4].starts_with("db1"));
    }
}
