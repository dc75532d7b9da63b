//! What all pictures share: the SVG around them, axes, keys, colours and numbers.

use std::fmt::Write;

use super::Labels;

/// Width of a picture, in the units of its view box. It grows with the window.
pub(super) const WIDTH: f64 = 640.0;

/// Colours of series and clusters, for light and for dark paper: Okabe and Ito's,
/// which people who are blind to red or green tell apart, a little darker or
/// lighter so that all have a contrast of 3 to 1.
const COLOURS: [(&str, &str); 8] = [
    ("#0068a8", "#56b4e9"),
    ("#b45309", "#f5a524"),
    ("#00775a", "#2fc79b"),
    ("#a8487f", "#e79cc6"),
    ("#6b5b00", "#f0e442"),
    ("#c2410c", "#ff8a5c"),
    ("#5b4fb0", "#b3a8ff"),
    ("#59616b", "#b6bec8"),
];

/// Dashes of lines, so that nobody needs colours to tell them apart.
pub(super) const DASHES: [&str; 4] = ["none", "6 3", "2 3", "8 3 2 3"];

/// The paint of a series. A window that sets `--plot-1` to `--plot-8` has its own.
pub(super) fn colour(series: usize) -> String {
    let at = series % COLOURS.len();
    format!("var(--plot-{0},var(--p{0},{1}))", at + 1, COLOURS[at].0)
}

/// The paint of what is to look cut out.
pub(super) const PAPER: &str = "var(--plot-paper,var(--p0,#fff))";

/// A picture being drawn.
pub(super) struct Picture {
    svg: String,
}

/// Where the marks of a picture are, between its axes.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// Numbers along an axis and where they are.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
    pub from: f64,
    pub to: f64,
}

impl Scale {
    /// Where a number is.
    pub fn at(&self, number: f64) -> f64 {
        let range = self.high - self.low;
        let share = if range > 0.0 { (number - self.low) / range } else { 0.5 };
        self.from + share * (self.to - self.from)
    }
}

impl Picture {
    pub fn new(labels: &Labels, height: f64) -> Self {
        let mut svg = String::new();
        // Several pictures may be in one page: the ids must differ.
        let key = labels
            .title
            .bytes()
            .chain(labels.description.bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |key, byte| {
                (key ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" \
             viewBox=\"0 0 {WIDTH} {}\" aria-labelledby=\"t{key:x} d{key:x}\" \
             font-family=\"system-ui,sans-serif\" font-size=\"12\" fill=\"currentColor\">\
             <title id=\"t{key:x}\">{}</title><desc id=\"d{key:x}\">{}</desc><style>",
            round(height),
            escape(labels.title),
            escape(labels.description)
        );
        svg.push_str(&style());
        let _ = write!(
            svg,
            "</style><rect width=\"100%\" height=\"100%\" \
             fill=\"var(--plot-paper,var(--p0,transparent))\"/>\
             <text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"600\">{}</text>",
            escape(&shorten(labels.title, 80))
        );
        Self { svg }
    }

    pub fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }

    /// Adds an element as it is. What comes from outside must be escaped before.
    pub fn add(&mut self, element: std::fmt::Arguments) {
        let _ = self.svg.write_fmt(element);
    }

    pub fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let (x, y, text) = (round(x), round(y), escape(text));
        self.add(format_args!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    /// An axis below, with its numbers, lines across the area, and its name.
    pub fn across(&mut self, area: Area, scale: Scale, name: &str) {
        let (top, bottom) = (round(area.top), round(area.bottom));
        for (number, label) in ticks(scale.low, scale.high, 8) {
            let x = round(scale.at(number));
            self.add(format_args!(
                "<path d=\"M{x} {top}V{bottom}\" stroke=\"currentColor\" stroke-opacity=\".15\"/>"
            ));
            self.text(scale.at(number), area.bottom + 16.0, "middle", &label);
        }
        self.text(f64::midpoint(area.left, area.right), area.bottom + 34.0, "middle", name);
    }

    /// An axis at the left.
    pub fn up(&mut self, area: Area, scale: Scale, name: &str) {
        let (left, right) = (round(area.left), round(area.right));
        for (number, label) in ticks(scale.low, scale.high, 6) {
            let y = round(scale.at(number));
            self.add(format_args!(
                "<path d=\"M{left} {y}H{right}\" stroke=\"currentColor\" stroke-opacity=\".15\"/>"
            ));
            self.text(area.left - 6.0, scale.at(number) + 4.0, "end", &label);
        }
        let y = round(f64::midpoint(area.top, area.bottom));
        let name = escape(name);
        self.add(format_args!(
            "<text transform=\"translate(16 {y}) rotate(-90)\" text-anchor=\"middle\">{name}</text>"
        ));
    }

    /// The names of the series, each with its line; nothing where there is one only.
    pub fn key(&mut self, area: Area, names: &[&str]) {
        if names.len() < 2 {
            return;
        }
        for (series, name) in names.iter().enumerate() {
            let (column, row) = (series % 3, series / 3);
            let x = area.left + column as f64 * (area.right - area.left) / 3.0;
            let y = 40.0 + 16.0 * row as f64;
            let (colour, dash) = (colour(series), DASHES[series % DASHES.len()]);
            let (from, line) = (round(x), round(y - 4.0));
            self.add(format_args!(
                "<path d=\"M{from} {line}h24\" stroke=\"{colour}\" stroke-width=\"2\" \
                 stroke-dasharray=\"{dash}\"/>"
            ));
            self.text(x + 30.0, y, "start", &shorten(name, 26));
        }
    }
}

/// What a file looks like by itself. A window may forbid styles within a page: it
/// then has its own ink, no paper, and the colours that it sets.
fn style() -> String {
    let colours = |pick: fn(&(&'static str, &'static str)) -> &'static str| {
        (1..).zip(&COLOURS).fold(String::new(), |mut all, (at, both)| {
            let _ = write!(all, "--p{at}:{};", pick(both));
            all
        })
    };
    format!(
        ".plot{{color:var(--plot-ink,#1b1c1e);--p0:#fff;{}}}\
         @media(prefers-color-scheme:dark){{.plot{{color:var(--plot-ink,#ecedee);\
         --p0:#16181b;{}}}}}",
        colours(|both| both.0),
        colours(|both| both.1)
    )
}

/// Round numbers between two others, at most `most` of them, and how they are
/// written. None where there is no range.
pub(super) fn ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let range = high - low;
    if !(range > 0.0 && range.is_finite()) {
        return Vec::new();
    }
    // The smallest of 1, 2 and 5 times a power of ten that is not too small.
    let least = range / most.saturating_sub(1).max(1) as f64;
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step = steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * power);
    let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count = (last - first) as usize + 1;
    (0..count)
        .map(|nth| {
            let number = (first + nth as f64) * step;
            // No -0.
            let number = if number.abs() < step / 2.0 { 0.0 } else { number };
            (number, format!("{number:.decimals$}"))
        })
        .collect()
}

/// A coordinate, to a tenth of a unit, as short as it can be written.
pub(super) fn round(value: f64) -> f64 {
    // Adding 0 makes -0 a plain 0.
    if value.is_finite() { (value * 10.0).round() / 10.0 + 0.0 } else { 0.0 }
}

/// A number as people read it: three digits that count, no more.
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if value == value.trunc() && size < 1e15 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    if value.is_finite() { format!("{value:.digits$}") } else { "–".into() }
}

/// At most so many characters; the last is an ellipsis where some are missing.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.into();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Text that stays text whatever is in it. Characters that XML forbids are spaces.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(low: f64, high: f64, most: usize) -> Vec<String> {
        ticks(low, high, most).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_within_the_range() {
        assert_eq!(written(0.0, 1.0, 6), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(written(-1.0, 1.0, 5), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(written(1.0, 512.0, 8), ["100", "200", "300", "400", "500"]);
        assert_eq!(written(0.0, 0.03, 4), ["0.00", "0.01", "0.02", "0.03"]);
        assert_eq!(written(0.0, 1_000_000.0, 3), ["0", "500000", "1000000"]);
        assert!(written(1.0, 1.0, 5).is_empty() && written(0.0, f64::NAN, 5).is_empty());
    }

    #[test]
    fn there_are_never_more_ticks_than_asked_for() {
        for high in [0.001, 0.7, 1.0, 3.3, 9.99, 47.0, 1234.0, 1e9] {
            for most in 2..10 {
                assert!(ticks(0.0, high, most).len() <= most, "{high} {most}");
                assert!(ticks(-high, high, most).len() <= most, "{high} {most}");
            }
        }
    }

    #[test]
    fn numbers_have_three_digits() {
        let written: Vec<String> =
            [0.0, 3.0, 1234.0, 1234.5, 12.34, 1.234, 0.12345, f64::NAN].map(number).into();
        assert_eq!(written, ["0", "3", "1234", "1234", "12.3", "1.23", "0.123", "–"]);
    }

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(escape("a<b> & \"c\" 'd'\u{0}"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; ");
        assert_eq!((shorten("Öfen", 4), shorten("Öfen!", 4)), ("Öfen".into(), "Öfe…".into()));
    }
}
