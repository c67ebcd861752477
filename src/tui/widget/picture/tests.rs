use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage};

use super::*;

/// Red above, blue below.
fn flag(width: u32, height: u32, form: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |_, y| {
        if y < height.div_ceil(2) { Rgb([200, 0, 0]) } else { Rgb([0, 0, 200]) }
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, form).unwrap();
    bytes.into_inner()
}

fn want(bytes: Vec<u8>, room: (u16, u16), by: By) -> Want {
    let way = Way { by, ..Way::default() };
    let key = Key { blob: BlobId("a".into()), room, way };
    Want { key, bytes: Bytes(bytes.into()), number: 1, depth: Depth::True }
}

fn shown(drawn: &Drawn) -> Buffer {
    let (width, height) = drawn.size();
    let mut cells = Buffer::empty(Rect::new(0, 0, width, height));
    drawn.put(cells.area, &mut cells);
    cells
}

fn symbols(cells: &Buffer) -> String {
    cells.content.iter().map(Cell::symbol).collect()
}

#[test]
fn a_picture_keeps_its_shape_and_is_never_enlarged() {
    for (picture, room, fits) in [
        ((100, 100), (40, 40), (40, 40)),
        ((200, 100), (40, 40), (40, 20)),
        ((1, 1), (40, 40), (1, 1)),
        ((4096, 1), (60, 40), (60, 1)),
        ((1, 4096), (60, 40), (1, 40)),
        ((30, 20), (40, 40), (30, 20)),
        ((30, 20), (0, 0), (1, 1)),
    ] {
        assert_eq!(fit(picture, room), fits, "{picture:?} in {room:?}");
    }
}

#[test]
fn half_blocks_are_two_pixels_a_cell_for_every_form() {
    for form in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let drawn = draw(&want(flag(4, 2, form), (20, 10), By::Blocks)).unwrap();
        assert_eq!(drawn.size(), (4, 1), "{form:?}");
        assert!(drawn.first.is_none());
        let cells = shown(&drawn);
        assert!(symbols(&cells).chars().all(|c| c == '▀'), "{form:?}: {}", symbols(&cells));
        assert!(cells.content.iter().all(|cell| cell.fg != cell.bg));
    }
    let large = draw(&want(flag(512, 512, ImageFormat::Png), (20, 10), By::Blocks)).unwrap();
    assert_eq!(large.size(), (20, 10));
    for (size, cells) in [((1, 1), (1, 1)), ((4096, 1), (60, 1))] {
        let drawn = draw(&want(flag(size.0, size.1, ImageFormat::Png), (60, 10), By::Blocks)).unwrap();
        assert_eq!(drawn.size(), cells);
    }
}

#[test]
fn every_cell_of_half_blocks_has_one_sign_whichever_half_is_the_lighter_one() {
    let picture = |upper: [u8; 3], lower: [u8; 3]| {
        let picture = RgbImage::from_fn(2, 2, |_, y| Rgb(if y == 0 { upper } else { lower }));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(picture).write_to(&mut bytes, ImageFormat::Png).unwrap();
        shown(&draw(&want(bytes.into_inner(), (20, 10), By::Blocks)).unwrap())
    };
    let (dark, light) = ([10, 10, 10], [240, 240, 240]);
    let (falls, rises, even) = (picture(light, dark), picture(dark, light), picture(dark, dark));
    for cells in [&falls, &rises, &even] {
        assert_eq!(symbols(cells), "▀▀");
    }
    assert_eq!((falls[(0, 0)].fg, falls[(0, 0)].bg), (rises[(0, 0)].bg, rises[(0, 0)].fg));
    assert!(falls[(0, 0)].fg != falls[(0, 0)].bg && even[(0, 0)].fg == even[(0, 0)].bg);
}

#[test]
fn on_few_colours_the_nearest_ones_are_taken() {
    for depth in [Depth::Cube, Depth::Sixteen] {
        let want = Want { depth, ..want(flag(4, 2, ImageFormat::Png), (20, 10), By::Blocks) };
        let cells = shown(&draw(&want).unwrap());
        assert!(cells.content.iter().all(|cell| !format!("{:?}", cell.fg).contains("Rgb")), "{depth:?}");
    }
}

#[test]
fn what_is_no_whole_picture_is_one_line_that_says_so() {
    let whole = flag(64, 64, ImageFormat::Png);
    let mut bomb = flag(1, 1, ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0x3f, 0xff, 0, 0, 0x3f, 0xff]);
    let sum = crc32fast::hash(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    let mut wide = bomb.clone();
    wide[16..20].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
    let sum = crc32fast::hash(&wide[12..29]);
    wide[29..33].copy_from_slice(&sum.to_be_bytes());
    for (bytes, words) in [
        (whole[..whole.len() / 2].to_vec(), "cut off"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "cut off"),
        (b"no picture".to_vec(), "damaged"),
        (Vec::new(), "damaged"),
        (bomb, "more memory"),
        (wide, "more memory"),
    ] {
        let error = draw(&want(bytes, (20, 10), By::Blocks)).unwrap_err();
        assert!(error.why.contains(words) && !error.why.contains('\n'), "{error}");
    }
}

#[test]
fn kitty_gets_the_pixels_once_and_every_frame_placeholders_alone() {
    let drawn = draw(&want(flag(100, 40, ImageFormat::Png), (20, 10), By::Kitty)).unwrap();
    assert_eq!(drawn.size(), (10, 2), "a cell has 10 by 20 pixels");
    let first = String::from_utf8(drawn.first.clone().unwrap()).unwrap();
    let mut pixels = Vec::new();
    for (at, command) in first.split("\x1b_G").skip(1).enumerate() {
        let (head, data) = command.strip_suffix("\x1b\\").unwrap().split_once(';').unwrap();
        if at == 0 {
            for part in ["a=T", "U=1", "f=32", "s=100", "v=40", &format!("i={}", FIRST + 1)] {
                assert!(head.split(',').any(|other| other == part), "{part}: {head}");
            }
        }
        pixels.extend(STANDARD.decode(data).unwrap());
    }
    assert_eq!(pixels.len(), 100 * 40 * 4);
    assert_eq!((&pixels[..4], &pixels[pixels.len() - 4..]), (&[200, 0, 0, 255][..], &[0, 0, 200, 255][..]));
    let cells = shown(&drawn);
    assert!(cells.content.iter().all(|cell| cell.symbol().starts_with(PLACEHOLDER)));
    assert_eq!(cells, shown(&drawn), "no frame differs from the next one");
    let gone = String::from_utf8(forget(drawn.key.way, drawn.number)).unwrap();
    assert_eq!(gone, format!("\x1b_Gq=2,a=d,d=I,i={}\x1b\\", FIRST + 1));
}

#[test]
fn iterm2_gets_a_png_in_one_cell_and_nothing_is_drawn_over_the_others() {
    let drawn = draw(&want(flag(100, 40, ImageFormat::Jpeg), (20, 10), By::Iterm2)).unwrap();
    assert!(drawn.first.is_none());
    let cells = shown(&drawn);
    let symbol = cells[(0, 0)].symbol();
    let sent = symbol.split_once("\x1b]1337;File=").unwrap().1;
    let (head, data) = sent.trim_end_matches('\x07').split_once(':').unwrap();
    assert!(head.contains("width=100px;height=40px"), "{head}");
    let picture = image::load_from_memory(&STANDARD.decode(data).unwrap()).unwrap();
    assert_eq!((picture.width(), picture.height()), (100, 40));
    let skipped = cells.content.iter().skip(1).all(|cell| format!("{:?}", cell.diff_option) == "Skip");
    assert!(skipped, "{:?}", cells.content[1].diff_option);
}

#[test]
fn sixel_gets_bands_of_six_rows_in_the_colours_of_the_picture() {
    let drawn = draw(&want(flag(20, 12, ImageFormat::Png), (20, 10), By::Sixel)).unwrap();
    let cells = shown(&drawn);
    let symbol = cells[(0, 0)].symbol();
    let sixels = &symbol[symbol.find("\x1bP").unwrap()..];
    assert!(sixels.ends_with("\x1b\\"), "{}", sixels.escape_debug());
    let body = &sixels[sixels.find('q').unwrap() + 1..sixels.len() - 2];
    assert!(body.contains("\"1;1;20;12"), "the size in pixels: {body}");
    // A colour is `#number;2;red;green;blue`, in hundredths.
    let has = |wanted: [i32; 3]| {
        body.split('#').any(|part| {
            let numbers: Vec<i32> = part.split(';').filter_map(|n| n.parse().ok()).collect();
            numbers.len() == 5 && numbers[2..].iter().zip(wanted).all(|(a, b)| (a - b).abs() <= 3)
        }) || body.split('#').any(|part| {
            let numbers: Vec<i32> =
                part.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
            numbers.len() >= 5 && numbers[2..5].iter().zip(wanted).all(|(a, b)| (a - b).abs() <= 3)
        })
    };
    assert!(has([78, 0, 0]) && has([0, 0, 78]), "{body}");
    assert_eq!(body.matches('-').count(), 2, "two bands: {body}");
    // Where it does not fit whole, nothing of it is shown.
    let mut small = Buffer::empty(Rect::new(0, 0, 1, 1));
    drawn.put(small.area, &mut small);
    assert_eq!(small, Buffer::empty(small.area));
}

#[test]
fn through_tmux_every_escape_is_wrapped() {
    let mut want = want(flag(40, 40, ImageFormat::Png), (20, 10), By::Kitty);
    want.key.way.tmux = true;
    let first = String::from_utf8(draw(&want).unwrap().first.unwrap()).unwrap();
    assert!(first.starts_with("\x1bPtmux;\x1b\x1b_G") && first.ends_with("\x1b\x1b\\\x1b\\"), "{first:?}");
    let gone = String::from_utf8(forget(want.key.way, 1)).unwrap();
    assert!(gone.starts_with("\x1bPtmux;\x1b\x1b_G") && gone.ends_with("\x1b\x1b\\\x1b\\"), "{gone:?}");
}
