//! Files made in the test: every container, with blocks of metadata and hardly
//! any pixels.

use ::exif::experimental::Writer;
use ::exif::{Context, Field, In, Tag, Value};
use image::ImageEncoder;
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};

/// What a file is to carry.
#[derive(Default, Clone)]
pub(super) struct Said {
    pub exif: Vec<Field>,
    pub xmp: Option<Vec<u8>>,
    pub iptc: Option<Vec<u8>>,
    pub digest: Option<[u8; 16]>,
}

/// An EXIF block, which is also a TIFF file without a picture.
pub(super) fn block(fields: &[Field]) -> Vec<u8> {
    ordered(fields, true)
}

fn ordered(fields: &[Field], little_endian: bool) -> Vec<u8> {
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut bytes = std::io::Cursor::new(Vec::new());
    writer.write(&mut bytes, little_endian).unwrap();
    bytes.into_inner()
}

impl Said {
    fn exif_block(&self) -> Option<Vec<u8>> {
        (!self.exif.is_empty()).then(|| block(&self.exif))
    }

    /// All kinds of files that carry EXIF and XMP.
    pub(super) fn containers(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut all = self.containers_with_iptc();
        all.extend([
            ("PNG", self.png()),
            ("WebP", self.webp()),
            ("HEIF", self.heif()),
            ("AVIF, in idat and in parts", self.avif()),
            ("JPEG XL", self.jxl()),
            ("CR3", self.cr3()),
        ]);
        all
    }

    /// Those that carry IPTC as well.
    pub(super) fn containers_with_iptc(&self) -> Vec<(&'static str, Vec<u8>)> {
        let with_mark = |little_endian, mark: &[u8]| {
            let mut file = self.tiff(little_endian);
            file[..mark.len()].copy_from_slice(mark);
            file
        };
        vec![
            ("JPEG", self.jpeg()),
            ("TIFF", self.tiff(true)),
            ("TIFF, the other order", self.tiff(false)),
            ("ORF", with_mark(true, b"IIRO")),
            ("ORF, older", with_mark(true, b"IIRS")),
            ("ORF, the other order", with_mark(false, b"MMOR")),
            ("RW2", with_mark(true, b"IIU\0")),
            ("RAF", self.raf()),
            ("PSD", self.psd()),
        ]
    }

    pub(super) fn jpeg(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        pixel(JpegEncoder::new(&mut plain), None);
        let mut file = plain[..2].to_vec();
        let mut segment = |marker: u8, mark: &[u8], body: &[u8]| {
            file.extend([0xFF, marker]);
            file.extend(u16::try_from(2 + mark.len() + body.len()).unwrap().to_be_bytes());
            file.extend(mark);
            file.extend(body);
        };
        if let Some(exif) = self.exif_block() {
            segment(0xE1, b"Exif\0\0", &exif);
        }
        if let Some(xmp) = &self.xmp {
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0", xmp);
        }
        // In two parts, as those over 64 KiB are.
        let resources = self.resources(false);
        let (first, second) = resources.split_at(resources.len() / 2);
        if !resources.is_empty() {
            segment(0xED, b"Photoshop 3.0\0", first);
            segment(0xED, b"Photoshop 3.0\0", second);
        }
        file.extend(&plain[2..]);
        file
    }

    fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        pixel(PngEncoder::new(&mut file), self.exif_block());
        if let Some(xmp) = &self.xmp {
            // After the pixels, which is where some programs put it.
            let end = file.len() - 12;
            let text = [b"XML:com.adobe.xmp\0\0\0\0\0", xmp.as_slice()].concat();
            file.splice(end..end, chunk(b"iTXt", &text));
        }
        file
    }

    fn webp(&self) -> Vec<u8> {
        let mut file = Vec::new();
        pixel(WebPEncoder::new_lossless(&mut file), self.exif_block());
        if let Some(xmp) = &self.xmp {
            file.extend(b"XMP ");
            file.extend(u32::try_from(xmp.len()).unwrap().to_le_bytes());
            file.extend(xmp);
        }
        file
    }

    fn tiff(&self, little_endian: bool) -> Vec<u8> {
        let mut fields = self.exif.clone();
        let mut add = |number, bytes: Vec<u8>| {
            let tag = Tag(Context::Tiff, number);
            fields.push(Field { tag, ifd_num: In::PRIMARY, value: Value::Byte(bytes) });
        };
        self.xmp.iter().for_each(|xmp| add(700, xmp.clone()));
        self.iptc.iter().for_each(|iptc| add(33723, iptc.clone()));
        if let Some(digest) = self.digest {
            add(34377, resource(1061, &digest));
        }
        ordered(&fields, little_endian)
    }

    fn raf(&self) -> Vec<u8> {
        let jpeg = self.jpeg();
        let mut file = b"FUJIFILMCCD-RAW ".to_vec();
        file.resize(84, 0);
        file.extend(160u32.to_be_bytes());
        file.extend(u32::try_from(jpeg.len()).unwrap().to_be_bytes());
        file.resize(160, 0);
        file.extend(jpeg);
        file.extend([0; 100]);
        file
    }

    fn psd(&self) -> Vec<u8> {
        let resources = self.resources(true);
        let mut file = b"8BPS\0\x01".to_vec();
        file.resize(26, 0);
        for section in [&[1, 2, 3][..], &resources, &[]] {
            file.extend(u32::try_from(section.len()).unwrap().to_be_bytes());
            file.extend(section);
        }
        file
    }

    /// Photoshop's; in its own files EXIF and XMP are among them.
    fn resources(&self, all: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut add = |id, data: Option<Vec<u8>>| {
            data.iter().for_each(|data| bytes.extend(resource(id, data)));
        };
        add(1028, self.iptc.clone());
        add(1061, self.digest.map(Vec::from));
        if all {
            add(1058, self.exif_block());
            add(1060, self.xmp.clone());
        }
        bytes
    }

    fn heif(&self) -> Vec<u8> {
        self.items(b"heic", false)
    }

    fn avif(&self) -> Vec<u8> {
        self.items(b"avif", true)
    }

    /// The data of items in `mdat`, one part each, or in `idat`, two parts each.
    fn items(&self, brand: &[u8; 4], inside: bool) -> Vec<u8> {
        let exif = self.exif_block().map(|it| [b"\0\0\0\x06Exif\0\0", it.as_slice()].concat());
        let blocks: Vec<(u16, &[u8], Vec<u8>)> = exif
            .into_iter()
            .map(|exif| (7, &b"Exif\0"[..], exif))
            .chain(self.xmp.clone().map(|xmp| (9, &b"mime\0application/rdf+xml\0"[..], xmp)))
            .collect();
        let mut infos = [0, 0, 0, 0, 0, blocks.len() as u8 + 1].to_vec();
        infos.extend(boxed(b"infe", b"\x02\0\0\0\0\x01\0\0hvc1\0"));
        for (id, kind, _) in &blocks {
            let head = [b"\x02\0\0\0", &id.to_be_bytes()[..], b"\0\0"].concat();
            infos.extend(boxed(b"infe", &[head.as_slice(), kind].concat()));
        }
        let head = boxed(b"ftyp", &[&brand[..], b"\0\0\0\0mif1", brand].concat());
        let file = |start: u32| {
            let mut at = start;
            let mut places = b"\x01\0\0\0\x44\0".to_vec();
            places.extend((blocks.len() as u16).to_be_bytes());
            let mut data = Vec::new();
            for (id, _, bytes) in &blocks {
                places.extend(id.to_be_bytes());
                places.extend([0, u8::from(inside), 0, 0]);
                let cut = if inside { bytes.len() / 3 } else { 0 };
                let parts: Vec<&[u8]> =
                    if inside { vec![&bytes[..cut], &bytes[cut..]] } else { vec![bytes] };
                places.extend((parts.len() as u16).to_be_bytes());
                for part in parts {
                    places.extend(at.to_be_bytes());
                    places.extend((part.len() as u32).to_be_bytes());
                    at += part.len() as u32;
                    data.extend(part);
                }
            }
            let meta = [&[0; 4][..], &boxed(b"iinf", &infos), &boxed(b"iloc", &places)].concat();
            if inside {
                return [head.clone(), boxed(b"meta", &[meta, boxed(b"idat", &data)].concat())];
            }
            [head.clone(), [boxed(b"meta", &meta), boxed(b"mdat", &data)].concat()]
        };
        let length = file(0).concat().len();
        let data: usize = blocks.iter().map(|(.., bytes)| bytes.len()).sum();
        let start = if inside { 0 } else { length - data };
        file(start as u32).concat()
    }

    fn jxl(&self) -> Vec<u8> {
        let mut file = boxed(b"JXL ", b"\r\n\x87\n");
        file.extend(boxed(b"ftyp", b"jxl \0\0\0\0jxl "));
        if let Some(exif) = self.exif_block() {
            file.extend(boxed(b"Exif", &[b"\0\0\0\0", exif.as_slice()].concat()));
        }
        self.xmp.iter().for_each(|xmp| file.extend(boxed(b"xml ", xmp)));
        // Up to the end of the file.
        file.extend(b"\0\0\0\0jxlc\xFF\x0A\0\0");
        file
    }

    /// Each directory is the main one of a TIFF block of its own.
    fn cr3(&self) -> Vec<u8> {
        let part = |context: Context| {
            let own = self.exif.iter().filter(|field| field.tag.context() == context);
            let main = own.cloned().map(|mut field| {
                field.tag = Tag(Context::Tiff, field.tag.number());
                field
            });
            block(&main.collect::<Vec<_>>())
        };
        let mut canon =
            b"\x85\xC0\xB6\x87\x82\x0F\x11\xE0\x81\x11\xF4\xCE\x46\x2B\x6A\x48".to_vec();
        if !self.exif.is_empty() {
            canon.extend(boxed(b"CMT1", &part(Context::Tiff)));
            canon.extend(boxed(b"CMT2", &part(Context::Exif)));
            canon.extend(boxed(b"CMT4", &part(Context::Gps)));
        }
        let mut file = boxed(b"ftyp", b"crx \0\0\0\x01crx isom");
        file.extend(boxed(b"moov", &boxed(b"uuid", &canon)));
        if let Some(xmp) = &self.xmp {
            let mark = b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";
            file.extend(boxed(b"uuid", &[mark, xmp.as_slice()].concat()));
        }
        // Its length in 64 bits.
        file.extend(b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x14\0\0\0\0");
        file
    }
}

fn pixel(mut encoder: impl ImageEncoder, exif: Option<Vec<u8>>) {
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    encoder.write_image(&[9, 9, 9], 1, 1, image::ExtendedColorType::Rgb8).unwrap();
}

/// A PNG chunk; its checksum is not asked.
pub(super) fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length, &kind[..], body, &[0; 4]].concat()
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&length, &kind[..], body].concat()
}

fn resource(id: u16, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let mut bytes = [b"8BIM", &id.to_be_bytes()[..], b"\x03abc", &length, data].concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// IPTC records: record, data set, data.
pub(super) fn records(all: &[(u8, u8, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (record, set, data) in all {
        bytes.extend([0x1C, *record, *set]);
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(*data);
    }
    bytes
}

/// A packet whose one description holds these attributes and elements.
pub(super) fn packet(attributes: &str, elements: &str) -> Vec<u8> {
    format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:exifEX="http://cipa.jp/exif/1.0/"
    xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:afterimage="http://afterimage.app/ns/1.0/"
    {attributes}>
   {elements}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"#,
        bom = '\u{FEFF}',
    )
    .into_bytes()
}
