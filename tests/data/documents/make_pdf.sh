#!/bin/bash
# Makes the PDF fixtures and, beside each, what `pdftotext` with its default options says of it.
#
# Needs: soffice (LibreOffice Writer), chromium, groff with gropdf, gs, qpdf, pdftotext (poppler-utils), and the fonts
# DejaVu, Liberation and Noto CJK. Run it in its own folder; it writes into pdf/. The programs write dates and random
# identifiers, so that a second run gives other bytes of the same text.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/pdf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work/home SOURCE_DATE_EPOCH=1700000000 LC_ALL=C.UTF-8
mkdir -p "$HOME" "$out"
cd "$work"

browser() { # FILE.html: prints it to a PDF
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$work/chromium" --no-pdf-header-footer \
        --print-to-pdf="$out/$(basename "$1" .html).pdf" "file://$work/$1" 2>/dev/null
}

office() { # FILE: turns it into a PDF with LibreOffice Writer
    soffice --headless --convert-to pdf:writer_pdf_Export --outdir "$out" "$1" >/dev/null 2>&1
}

one="A river that has cut down through flat layers shows its history on both banks. The oldest sheet lies at the bottom, the
youngest at the top, and each keeps what fell into it while it was still soft: shells, leaves, footprints, the ripples of a
shallow sea. Whoever walks along the cliff reads a book whose pages are metres thick."
two="Efficient surveys of a difficult hillside start with the official map, a compass and sufficient patience. The first
figures are often the finest: a flat reef, a fluffy layer of ash, the offset of a fault that shifts everything behind it by
fifty feet. Fixing these five points in the field book afterwards is what makes the final profile fit."
three="Water does most of the work. It freezes in cracks and splits the stone, it carries the pieces down, it grinds them to
gravel, sand and mud, and it lets them fall where the current slackens. Wind helps where nothing grows. Ice is slower than
both but stronger, and leaves behind long ridges of unsorted rubble that farmers have cursed for a thousand years."
four="Not every break is a fault. Joints are cracks along which nothing has moved; they come in families, parallel and evenly
spaced, and quarrymen have always known how to use them. A fault proper has slipped, sometimes by a hand's breadth, sometimes
by kilometres. The polished face of a fault, scratched in the direction in which it moved, is called a slickenside."
five="Fossils that lived for a short time and were spread over a wide area are worth most, since they date the layer in which
they are found. Ammonites are the classic case: their shells changed so quickly that a good collector can name the zone, and
with it the age to within half a million years, from a fragment no larger than a thumbnail."
six="At last the field work is drawn up. A clean map, a section along the line where most is known, a column with the
thicknesses, and a text that says plainly which of it was seen and which was inferred. The next geologist will be grateful for
the distinction, and will disagree about the rest."

p() { printf '<p>%s</p>\n' "$@"; }
page() { # CSS, then the body on the standard input
    printf '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><style>@page{size:A5;margin:15mm}body{font:10pt/1.4 "Liberation Serif"}%s</style><body>' "$1"
    cat
    printf '</body></html>'
}

# --- groff: the standard fonts, not embedded; two columns; ligatures by their glyphs
ms() {
    printf '.TL\nReading the Rocks\n.AU\nA. Walker\n.AI\nThe Field School\n.AB\n%s\n.AE\n' "$six"
    printf '%s\n' "$1"
    printf '.NH 1\nLayers\n.PP\n%s\n.PP\n%s\n' "$one" "$two"
    printf '.NH 1\nForces\n.NH 2\nWater\n.LP\n%s\n.IP \\(bu 3\nIce: %s\n.IP \\(bu 3\nWind.\n' "$three" "$six"
    printf '.NH 2\nBreaks\n.PP\n%s\n.FS\nFrom the German miners, who saw their faces in it.\n.FE\n.PP\n%s\n' "$four" "$five"
    printf '.QP\n%s\n.PP\nThe ratio is x\\u2\\d over H\\d2\\uO, \\(lqabout\\(rq \\(14 \\(+- 2\\(de \\(em not more.\n.PP\n%s\n' "$two" "$one"
}
ms .2C | groff -Tpdf -ms >"$out/columns_groff.pdf"
ms .1C | groff -Tps -ms >report.ps
# --- Ghostscript: from PostScript, through its own writer
gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile="$out/ghostscript.pdf" report.ps

# --- Chromium
{
    printf '<h1>Two columns</h1><div style="columns:2;column-gap:8mm;text-align:justify;hyphens:auto">'
    p "$one" "$two"; printf '<h2>What moves</h2>'; p "$three" "$four" "$five"; printf '</div>'
    p "$six"
} | page '' >columns.html
{
    printf '<h1 style="font-family:\x27DejaVu Serif\x27">Official affluence</h1><p style="font-family:\x27DejaVu Serif\x27">%s</p>' "$two"
    p "$two"
    printf '<p style="font-family:\x27DejaVu Sans\x27">Shuffle, waffle, coffee, fjord, Efflux; ﬁle and ﬂag; naïve façade, Ångström, Łódź, œuvre, “quoted” — ½ £5 €7 …</p>'
    printf '<p>E = mc<sup>2</sup>, CO<sub>2</sub>, 1<sup>st</sup>, x<sub>i</sub><sup>n</sup>. <span style="font-variant:small-caps">Small Caps of the Palaeozoic</span>, <b>bold</b>, <i>slanted</i>, s p a c e d, <span style="letter-spacing:.3em">letterspaced heading</span>, <span style="word-spacing:1em">words far apart</span>.</p>'
} | page '' >ligatures.html
{
    printf '<h1 lang="ja">地層の読み方</h1><p lang="ja" style="font-family:\x27Noto Sans CJK JP\x27">平らな地層を川が削ると、両岸にその歴史が現れる。最も古い層は底に、最も新しい層は上にある。カタカナとひらがな、そして漢字。（括弧）「引用」2024年。</p>'
    printf '<p lang="zh-CN" style="font-family:\x27Noto Sans CJK SC\x27">河流切开平坦的岩层，两岸便露出它的历史。最老的一层在底下，最新的一层在上面。化石告诉我们岩石的年代。</p>'
    printf '<p lang="ko" style="font-family:\x27Noto Sans CJK KR\x27">강이 평평한 지층을 깎으면 양쪽 기슭에 그 역사가 드러난다. 가장 오래된 층은 바닥에 있다.</p>'
    printf '<p lang="ja">混在 mixed テキスト with Latin words と数字 123。</p>'
} | page 'body{font-family:"Noto Sans CJK JP"}' >cjk.html
{
    printf '<h1>שכבות הסלע</h1><p>נהר שחתך דרך שכבות שטוחות מראה את ההיסטוריה שלו בשתי הגדות. השכבה העתיקה ביותר נמצאת בתחתית.</p>'
    printf '<p>בשנת 2024 נמצאו 15 מאובנים (Ammonites) באתר.</p>'
    printf '<p lang="ar">النهر الذي شق طريقه عبر الطبقات المسطحة يظهر تاريخه على الضفتين. الطبقة الأقدم في الأسفل.</p>'
} | page 'body{direction:rtl;font-family:"DejaVu Sans"}' >rtl.html
{
    p "$one"
    printf '<p dir="rtl">השכבה העתיקה ביותר נמצאת בתחתית.</p><p>The word for layer is שכבה in Hebrew and طبقة in Arabic, 3 letters or 4.</p>'
    p "$three"
} | page 'body{font-family:"DejaVu Sans"}' >rtl_mixed.html
{
    printf '<h1>Measured sections</h1><table><tr><th>Bed</th><th>Thickness</th><th>Rock</th><th>Remarks</th></tr>'
    i=1
    for rock in limestone 'sandy marl' shale sandstone conglomerate 'coal seam' 'volcanic ash' chalk; do
        printf '<tr><td>%d</td><td style="text-align:right">%d.%d m</td><td>%s</td><td>%s</td></tr>' $i $((i * 7 % 13)) $((i * 3 % 10)) "$rock" \
            "$([ $((i % 3)) = 0 ] && echo 'Rich in shells; the upper face is bored and rusty, and holds pebbles of the bed below' || echo 'weathered')"
        i=$((i + 1))
    done
    printf '</table>'; p "$six"
    printf '<table class="plain"><tr><td>Total</td><td>48.2 m</td></tr><tr><td>Mean</td><td>6.0 m</td></tr></table><ol><li>First item<li>Second item<ul><li>nested one<li>nested two</ul></ol>'
} | page 'table{border-collapse:collapse;width:100%}td,th{border:1px solid #888;padding:2pt 4pt;vertical-align:top}.plain td{border:0}' >table.html
{
    printf '<div style="float:left;writing-mode:vertical-rl;height:9cm">%s</div>' "Turned to read downwards, along the left edge of the sheet."
    printf '<div style="float:right;writing-mode:vertical-rl;transform:rotate(180deg);height:9cm">%s</div>' "Turned to read upwards, in two lines that stand beside each other. The second goes on here."
    p "$one" "$two"; printf '<p style="transform:rotate(180deg)">%s</p>' "Upside down: the sky is below."
    printf '<p style="transform:rotate(20deg)">Aslant by twenty degrees</p>'
} | page '' >turned.html
{ p "$one" "$two" "$three"; } | page '' >upright.html
for file in columns ligatures cjk rtl rtl_mixed table turned upright; do browser $file.html; done

# --- LibreOffice: a long report with running heads, footnotes, lists, tables, columns
fodt() { # a flat text document: body on the standard input
    cat <<'X'
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">
<office:font-face-decls><style:font-face style:name="L" svg:font-family="'Liberation Serif'"/><style:font-face style:name="C" svg:font-family="'Noto Serif CJK JP'"/></office:font-face-decls>
<office:styles><style:default-style style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0.2cm"/><style:text-properties style:font-name="L" style:font-name-asian="C" fo:font-size="11pt" fo:language="en" fo:country="GB"/></style:default-style>
<style:style style:name="Standard" style:family="paragraph"/><style:style style:name="Head" style:family="paragraph"><style:paragraph-properties fo:margin-top="0.5cm"/><style:text-properties fo:font-size="15pt" fo:font-weight="bold"/></style:style>
<style:style style:name="Just" style:family="paragraph"><style:paragraph-properties fo:text-align="justify"/></style:style></office:styles>
<office:automatic-styles><style:page-layout style:name="pl"><style:page-layout-properties fo:page-width="14.8cm" fo:page-height="21cm" fo:margin="1.8cm"/><style:header-style><style:header-footer-properties fo:min-height="0.6cm" fo:margin-bottom="0.4cm"/></style:header-style><style:footer-style><style:header-footer-properties fo:min-height="0.6cm" fo:margin-top="0.4cm"/></style:footer-style></style:page-layout>
<style:style style:name="sect" style:family="section"><style:section-properties><style:columns fo:column-count="2" fo:column-gap="0.6cm"/></style:section-properties></style:style>
<style:style style:name="sup" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="caps" style:family="text"><style:text-properties fo:font-variant="small-caps"/></style:style>
<text:list-style style:name="bul"><text:list-level-style-bullet text:level="1" text:bullet-char="•"><style:list-level-properties text:list-level-position-and-space-mode="label-alignment"><style:list-level-label-alignment text:label-followed-by="listtab" fo:text-indent="-0.6cm" fo:margin-left="1.2cm"/></style:list-level-properties></text:list-level-style-bullet></text:list-style></office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pl"><style:header><text:p text:style-name="Standard">Reading the Rocks — a report</text:p></style:header><style:footer><text:p text:style-name="Standard">Page <text:page-number/> of <text:page-count/></text:p></style:footer></style:master-page></office:master-styles>
<office:body><office:text>
X
    cat
    printf '</office:text></office:body></office:document>'
}
par() { printf '<text:p text:style-name="%s">%s</text:p>\n' "$1" "$2"; }
note() { printf '<text:note text:id="n%s" text:note-class="footnote"><text:note-citation>%s</text:note-citation><text:note-body><text:p text:style-name="Standard">%s</text:p></text:note-body></text:note>' "$1" "$1" "$2"; }
{
    par Head 'Reading the Rocks'
    for n in 1 2 3 4; do
        par Head "Chapter $n: what was seen"
        par Just "$one"; par Standard "$two $(note "$((2 * n - 1))" "See plate $n; the scale is one to ten.") $three"
        printf '<text:list text:style-name="bul">'
        for item in 'Limestone, grey, in thick beds' 'Marl with thin seams of coal' "Sandstone: $six"; do printf '<text:list-item><text:p>%s</text:p></text:list-item>' "$item"; done
        printf '</text:list>'
        par Just "$four $(note "$((2 * n))" "Walker and Field, chapter $n, page 1$n, and the map at its end.") $five"
        par Standard "Area 12 km<text:span text:style-name=\"sup\">2</text:span>, the <text:span text:style-name=\"caps\">Lower Lias</text:span> of section $n."
    done
} | fodt >report.fodt
{
    par Head 'A paper in two columns'; par Just "$six"
    printf '<text:section text:style-name="sect" text:name="s">'
    par Just "$one"; par Just "$two"; par Head 'Forces'; par Just "$three"; par Just "$four"; par Head 'Remains'; par Just "$five"; par Just "$one"
    printf '</text:section>'; par Just "$six"
    printf '<table:table table:name="t"><table:table-column table:number-columns-repeated="3"/>'
    for row in 'Bed|Rock|Metres' '1|Limestone|7.3' '2|Marl|1.6' '3|Shale with a long remark that takes more than one line of its cell|8.9' '4|Chalk|12.0'; do
        printf '<table:table-row>'; IFS='|'; for cell in $row; do printf '<table:table-cell><text:p>%s</text:p></table:table-cell>' "$cell"; done; unset IFS; printf '</table:table-row>'
    done
    printf '</table:table>'
} | fodt >columns_office.fodt
{
    par Head '地層の読み方'
    par Standard '平らな地層を川が削ると、両岸にその歴史が現れる。最も古い層は底に、最も新しい層は上にある。'
    par Standard '河流切开平坦的岩层，两岸便露出它的历史。化石告诉我们岩石的年代。'
    par Standard '강이 평평한 지층을 깎으면 양쪽 기슭에 그 역사가 드러난다.'
    par Standard "$one"
} | fodt >cjk_office.fodt
for file in report columns_office cjk_office; do office $file.fodt; done

# --- By hand, mended by qpdf: fonts that are not embedded with the maps of the format itself, level and vertical; text
# that stands for glyphs; invisible text; glyphs that are drawings; all operators that show
font() { printf '<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/%s/DescendantFonts[<</Type/Font/Subtype/CIDFontType0/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(%s)/Supplement 4>>/DW 1000/W[1[278 299] 3 94 500]/FontDescriptor<</Type/FontDescriptor/FontName/%s/Flags 4/Ascent 880/Descent -120>>>>]>>' "$1" "$2" "$1" "$3" "$1"; }
hex() { printf '<'; printf '%s' "$1" | iconv -t UTF-16BE | od -An -v -tx1 | tr -d ' \n'; printf '>'; }
{
    printf '%%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n'
    printf '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<</Font<</J %s/G %s/V %s/H<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>/D<</Type/Font/Subtype/Type3/FontBBox[0 0 8 8]/FontMatrix[.125 0 0 .125 0 0]/FirstChar 97/LastChar 99/Widths[6 6 8]/Encoding<</Differences[97/a/b/m]>>/CharProcs<</a 5 0 R/b 5 0 R/m 5 0 R>>/Resources<<>>>>>>>>>>endobj\n' \
        "$(font Ryumin-Light UniJIS-UCS2-H Japan1)" "$(font STSong-Light UniGB-UTF16-H GB1)" "$(font Ryumin-Light UniJIS-UTF16-V Japan1)"
    {
        printf 'BT /J 12 Tf 20 370 Td %s Tj 0 -20 TD %s Tj T* %s Tj ET\n' "$(hex '地層を読む人は、崖に沿って歩く。')" "$(hex 'Level text with Latin letters')" "$(hex '一行、そして次の行。')"
        printf 'BT /G 12 Tf 1 0 0 1 20 290 Tm %s Tj ET\n' "$(hex '河流切开岩层𠀀，露出历史。')"
        printf 'BT /V 12 Tf 1 0 0 1 370 380 Tm %s Tj 1 0 0 1 350 380 Tm %s Tj ET\n' "$(hex '縦書きの文章を読む')" "$(hex '二行目はその左にある')"
        printf 'BT /H 10 Tf 14 TL 1 0 0 1 20 260 Tm [(Kerned w)20(ords, a T)80(J arr)-5(ay)-400(with a gap)] TJ (the next line) '"'"' 2 .5 (spaced by an operator) " 0 Tw 0 Tc 80 Tz T* (narrowed) Tj 100 Tz T* (raised) Tj 4 Ts /H 6 Tf (2) Tj 0 Ts ET\n'
        printf 'BT /H 10 Tf 3 Tr 1 0 0 1 20 170 Tm (Invisible text, as under a scan) Tj 0 Tr ET\n'
        printf 'BT /H 10 Tf 1 0 0 1 20 150 Tm /Span<</ActualText<FEFF00660069>>>BDC (X) Tj EMC (eld notes, ) Tj /Span<</ActualText(standing)>>BDC (XXXXXXXX) Tj EMC ( text) Tj ET\n'
        printf 'BT /D 12 Tf 1 0 0 1 20 130 Tm (abcab) Tj ( ) Tj (cab) Tj ET\n'
        printf 'BT /H 12 Tf 1 0 0 1 20 110 Tm (Fake bold) Tj 1 0 0 1 20.4 110 Tm (Fake bold) Tj ET\n'
        printf 'q 20 0 0 20 20 60 cm BI /W 2 /H 2 /BPC 8 /CS /G ID \001EI\377 EI Q BT /H 10 Tf 60 65 Td (after an inline image) Tj ET\n'
    } >content
    printf '4 0 obj<</Length %d>>stream\n' "$(wc -c <content)"; cat content
    printf 'endstream endobj\n5 0 obj<</Length 22>>stream\n6 0 d0 0 0 4 8 re f    endstream endobj\ntrailer<</Root 1 0 R/Size 6>>\n'
} >by_hand.pdf
qpdf by_hand.pdf "$out/by_hand.pdf" 2>/dev/null || [ $? = 3 ]

# --- qpdf: encryption, rotation, object streams, linearised files, forms
cd "$out"
qpdf --encrypt '' owner 256 -- upright.pdf encrypted_aes256.pdf
qpdf --encrypt '' owner 128 --use-aes=y -- columns.pdf encrypted_aes128.pdf
qpdf --allow-weak-crypto --encrypt '' owner 128 --use-aes=n -- columns_groff.pdf encrypted_rc4.pdf
qpdf --allow-weak-crypto --encrypt '' owner 40 -- upright.pdf encrypted_rc4_40.pdf
qpdf --encrypt user owner 256 -- upright.pdf locked.pdf
qpdf --rotate=+90 columns_groff.pdf rotated_90.pdf
qpdf --rotate=+180 columns.pdf rotated_180.pdf
qpdf --rotate=+270 table.pdf rotated_270.pdf
qpdf --linearize --object-streams=generate report.pdf linear.pdf
qpdf columns_office.pdf --overlay upright.pdf --from=1 --to=1 -- forms.pdf
# --- Ghostscript: a scan, which is nothing but a picture of each page
gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfimage8 -r50 -sOutputFile=scanned.pdf upright.pdf
qpdf columns_groff.pdf --pages . 1 scanned.pdf 1 -- mixed.pdf
rm -f upright.pdf

# --- the judge
for file in *.pdf; do
    case $file in locked.pdf | scanned.pdf) continue ;; esac
    pdftotext -enc UTF-8 "$file" "${file%.pdf}.txt"
done
