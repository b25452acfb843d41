//! QR codes, so that a phone can open a page that is shown on another screen.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// A QR code as SVG. None if the URL is too long.
pub fn qr_code(url: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M).ok()?;
    Some(code.render::<svg::Color>().min_dimensions(192, 192).build())
}
