// Drawings of the goods. Each uses four colours that its tint sets: --a body, --b shade, --c light, --m metal.

const DRAWINGS = {
  mug: `
    <path d="M82 50h10a12 12 0 0 1 12 12v4a16 16 0 0 1-16 16h-6" fill="none" stroke="var(--b)" stroke-width="7"/>
    <path d="M28 38h56v50a10 10 0 0 1-10 10H38a10 10 0 0 1-10-10z" fill="var(--a)"/>
    <path d="M28 38h14v60h-4a10 10 0 0 1-10-10z" fill="var(--c)" opacity=".45"/>
    <rect x="25" y="33" width="62" height="8" rx="4" fill="var(--b)"/>
    <path d="M40 68c5 0 5-4 10-4s5 4 10 4 5-4 10-4" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>
    <path d="M46 24c-4-5 4-7 0-12M60 24c-4-5 4-7 0-12" fill="none" stroke="var(--c)" stroke-width="3" stroke-linecap="round"/>`,
  lantern: `
    <path d="M42 34a18 18 0 0 1 36 0" fill="none" stroke="var(--m)" stroke-width="4"/>
    <path d="M44 34h32l6 12H38z" fill="var(--b)"/>
    <path d="M42 46h36c6 12 6 30 0 42H42c-6-12-6-30 0-42z" fill="var(--c)"/>
    <path d="M60 56c8 10 10 14 10 20a10 10 0 0 1-20 0c0-6 2-10 10-20z" fill="var(--a)"/>
    <path d="M60 68c4 5 5 7 5 10a5 5 0 0 1-10 0c0-3 1-5 5-10z" fill="#fff"/>
    <path d="M36 50v34M84 50v34" stroke="var(--m)" stroke-width="4" stroke-linecap="round"/>
    <path d="M36 88h48l5 14H31z" fill="var(--b)"/>`,
  jacket: `
    <path d="M46 22h28l22 14 8 48-14 4-8-28v44H38V60l-8 28-14-4 8-48z" fill="var(--a)"/>
    <path d="M46 22h28c-2 10-8 15-14 15s-12-5-14-15z" fill="var(--b)"/>
    <path d="M60 37v67" stroke="var(--b)" stroke-width="4"/>
    <path d="M43 74h12v12H43zM65 74h12v12H65z" fill="var(--c)" opacity=".7"/>
    <path d="M67 46h.1M67 56h.1M67 66h.1M67 96h.1" stroke="var(--m)" stroke-width="5" stroke-linecap="round"/>`,
  compass: `
    <rect x="52" y="10" width="16" height="14" rx="7" fill="none" stroke="var(--m)" stroke-width="5"/>
    <circle cx="60" cy="64" r="42" fill="var(--a)"/>
    <circle cx="60" cy="64" r="33" fill="#fdfaf3"/>
    <path d="M60 36v6M60 86v6M32 64h6M82 64h6" stroke="var(--b)" stroke-width="4" stroke-linecap="round"/>
    <path d="M74 46 66 69 54 59z" fill="#e4674c"/>
    <path d="M46 82 54 59 66 69z" fill="var(--b)"/>
    <circle cx="60" cy="64" r="4" fill="#fdfaf3"/>`,
  drybag: `
    <path d="M36 42h48l4 56a8 8 0 0 1-8 8H40a8 8 0 0 1-8-8z" fill="var(--a)"/>
    <path d="M36 42h14l-3 64h-7a8 8 0 0 1-8-8z" fill="var(--c)" opacity=".5"/>
    <rect x="32" y="26" width="56" height="18" rx="9" fill="var(--b)"/>
    <path d="M38 26c2-14 42-14 44 0" fill="none" stroke="var(--m)" stroke-width="5"/>
    <rect x="54" y="20" width="12" height="10" rx="3" fill="var(--m)"/>
    <path d="M50 74c5 0 5-4 10-4s5 4 10 4 5-4 10-4M50 84c5 0 5-4 10-4s5 4 10 4" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>`,
  blanket: `
    <path d="M22 46h70a8 8 0 0 1 8 8v42H30a8 8 0 0 1-8-8z" fill="var(--a)"/>
    <path d="M22 46a10 10 0 0 1 10-10h60a8 8 0 0 1 8 8v12H34a12 12 0 0 1-12-10z" fill="var(--c)"/>
    <path d="M22 62h78M22 70h78" stroke="#fdfaf3" stroke-width="4"/>
    <path d="M22 86h78" stroke="var(--b)" stroke-width="6"/>
    <path d="M32 96v7M42 96v7M52 96v7M62 96v7M72 96v7M82 96v7M92 96v7" stroke="var(--b)" stroke-width="3" stroke-linecap="round"/>`,
  kettle: `
    <path d="M38 48c0-30 44-30 44 0" fill="none" stroke="var(--m)" stroke-width="6"/>
    <path d="M84 72c10-2 12-14 20-18l3 5c-5 5-8 26-23 29z" fill="var(--b)"/>
    <path d="M32 56c4-10 52-10 56 0l6 34a10 10 0 0 1-10 12H36a10 10 0 0 1-10-12z" fill="var(--a)"/>
    <path d="M36 56c-4 10-7 22-6 38" fill="none" stroke="var(--c)" stroke-width="6" stroke-linecap="round" opacity=".8"/>
    <rect x="42" y="45" width="36" height="8" rx="4" fill="var(--b)"/>
    <circle cx="60" cy="42" r="5" fill="var(--m)"/>`,
  rope: `
    <circle cx="60" cy="62" r="34" fill="none" stroke="var(--a)" stroke-width="20"/>
    <circle cx="60" cy="62" r="34" fill="none" stroke="var(--b)" stroke-width="20" stroke-dasharray="3 9"/>
    <circle cx="60" cy="62" r="34" fill="none" stroke="var(--c)" stroke-width="2"/>
    <path d="M44 26c8 12 24 12 32 0v20c-8 8-24 8-32 0z" fill="var(--m)"/>
    <path d="M44 34c10 8 22 8 32 0" stroke="var(--b)" stroke-width="3" fill="none"/>
    <path d="M84 84c8 6 10 12 18 16" stroke="var(--a)" stroke-width="9" stroke-linecap="round" fill="none"/>
    <path d="M99 98l6 4" stroke="#e4674c" stroke-width="9" stroke-linecap="round"/>`,
  sweater: `
    <path d="M46 26h28l20 10 12 50-14 5-8-28v38H36V63l-8 28-14-5 12-50z" fill="var(--a)"/>
    <path d="M46 26c2 9 8 13 14 13s12-4 14-13l-4-4H50z" fill="var(--b)"/>
    <path d="M48 44v50M60 46v48M72 44v50" stroke="var(--c)" stroke-width="5" stroke-dasharray="6 3"/>
    <rect x="36" y="95" width="48" height="9" rx="3" fill="var(--b)"/>
    <path d="m15 80 15 5M105 80l-15 5" stroke="var(--b)" stroke-width="6"/>`,
  binoculars: `
    <rect x="50" y="42" width="20" height="18" rx="4" fill="var(--m)"/>
    <path d="M32 26h18v18l6 48a8 8 0 0 1-8 8H24a8 8 0 0 1-8-9l10-45z" fill="var(--a)"/>
    <path d="M88 26H70v18l-6 48a8 8 0 0 0 8 8h24a8 8 0 0 0 8-9L94 46z" fill="var(--a)"/>
    <path d="M30 22h22v9H30zM68 22h22v9H68z" fill="var(--b)"/>
    <path d="M17 86h38l1 8a7 7 0 0 1-8 7H24a8 8 0 0 1-8-8zM103 86H65l-1 8a7 7 0 0 0 8 7h24a8 8 0 0 0 8-8z" fill="var(--b)"/>
    <path d="M31 46 24 80M85 46l4 34" stroke="var(--c)" stroke-width="5" stroke-linecap="round" opacity=".7"/>`,
  seabag: `
    <path d="M34 34h52c8 22 8 48 2 70H32c-6-22-6-48 2-70z" fill="var(--a)"/>
    <ellipse cx="60" cy="34" rx="26" ry="9" fill="var(--b)"/>
    <path d="M38 36c12 8 32 8 44 0" stroke="var(--c)" stroke-width="4" stroke-dasharray="4 4" fill="none"/>
    <path d="M84 40c18 10 18 40 2 58" stroke="var(--m)" stroke-width="5" fill="none"/>
    <path d="M60 58v26M52 78c2 6 14 6 16 0M54 64h12" stroke="var(--b)" stroke-width="4" stroke-linecap="round" fill="none"/>
    <circle cx="60" cy="56" r="4" fill="none" stroke="var(--b)" stroke-width="3"/>`,
  candle: `
    <path d="M60 14c8 10 9 14 9 18a9 9 0 0 1-18 0c0-4 1-8 9-18z" fill="#f0b24a"/>
    <path d="M60 24c4 5 5 7 5 9a5 5 0 0 1-10 0c0-2 1-4 5-9z" fill="#fff"/>
    <path d="M60 42v10" stroke="var(--m)" stroke-width="3"/>
    <ellipse cx="60" cy="54" rx="34" ry="8" fill="var(--c)"/>
    <path d="M26 54c0 5 15 9 34 9s34-4 34-9v40c0 5-15 9-34 9s-34-4-34-9z" fill="var(--a)"/>
    <rect x="42" y="70" width="36" height="22" rx="3" fill="#fdfaf3"/>
    <path d="M49 78h22M53 85h14" stroke="var(--b)" stroke-width="3" stroke-linecap="round"/>`,
  flask: `
    <path d="M46 14h28v18H46z" fill="var(--m)"/>
    <path d="M44 30h32v8H44z" fill="var(--b)"/>
    <path d="M42 38h36c4 4 6 8 6 14v46a8 8 0 0 1-8 8H44a8 8 0 0 1-8-8V52c0-6 2-10 6-14z" fill="var(--a)"/>
    <path d="M46 44c-3 4-3 6-3 10v42" stroke="var(--c)" stroke-width="6" stroke-linecap="round" fill="none" opacity=".7"/>
    <path d="M36 72h48v12H36z" fill="#f0b24a"/>`,
  cleat: `
    <path d="M12 50c0-8 8-10 16-8l32 6 32-6c8-2 16 0 16 8 0 6-6 8-14 8H26c-8 0-14-2-14-8z" fill="var(--a)"/>
    <path d="M38 56h14l4 26h8l4-26h14l6 34H32z" fill="var(--b)"/>
    <rect x="24" y="86" width="72" height="14" rx="7" fill="var(--a)"/>
    <circle cx="38" cy="93" r="4" fill="var(--m)"/><circle cx="82" cy="93" r="4" fill="var(--m)"/>
    <path d="M22 48c10-3 18 2 38 4" stroke="var(--c)" stroke-width="4" stroke-linecap="round" fill="none"/>`,
  cap: `
    <path d="M26 76c0-40 14-54 34-54s34 14 34 54z" fill="var(--a)"/>
    <path d="M44 30c-6 10-9 26-9 44M60 24v50M76 30c6 10 9 26 9 44" stroke="var(--b)" stroke-width="3" fill="none"/>
    <rect x="20" y="70" width="80" height="26" rx="9" fill="var(--b)"/>
    <path d="M32 74v18M44 74v18M56 74v18M68 74v18M80 74v18M90 74v18" stroke="var(--a)" stroke-width="3" stroke-linecap="round"/>
    <rect x="66" y="76" width="18" height="13" rx="2" fill="#fdfaf3"/>`,
  barometer: `
    <circle cx="60" cy="60" r="46" fill="var(--b)"/>
    <circle cx="60" cy="60" r="40" fill="var(--a)"/>
    <circle cx="60" cy="60" r="33" fill="#fdfaf3"/>
    <path d="M38 76a26 26 0 1 1 44 0" fill="none" stroke="var(--m)" stroke-width="3" stroke-dasharray="2 6"/>
    <path d="M60 60 78 44" stroke="#e4674c" stroke-width="4" stroke-linecap="round"/>
    <path d="M60 60 48 46" stroke="var(--m)" stroke-width="3" stroke-linecap="round"/>
    <circle cx="60" cy="60" r="5" fill="var(--b)"/>
    <path d="M50 80c3 0 3-3 6-3s3 3 6 3 3-3 6-3" fill="none" stroke="var(--b)" stroke-width="3" stroke-linecap="round"/>`,
  toolroll: `
    <rect x="16" y="34" width="76" height="58" rx="6" fill="var(--a)"/>
    <path d="M16 62h76v24a6 6 0 0 1-6 6H22a6 6 0 0 1-6-6z" fill="var(--b)"/>
    <path d="M28 28v40M40 22v46M52 30v38M64 20v48" stroke="var(--m)" stroke-width="6" stroke-linecap="round"/>
    <path d="M28 62v30M40 62v30M52 62v30M64 62v30" stroke="var(--c)" stroke-width="2" opacity=".7"/>
    <ellipse cx="92" cy="63" rx="13" ry="29" fill="var(--c)"/>
    <ellipse cx="92" cy="63" rx="6" ry="18" fill="var(--a)"/>
    <path d="M80 78c10 8 18 8 26 2" stroke="#8a5a33" stroke-width="4" fill="none" stroke-linecap="round"/>`,
  hammock: `
    <path d="M14 24v76M106 24v76" stroke="#8a5a33" stroke-width="7" stroke-linecap="round"/>
    <path d="M14 40 30 60M106 40 90 60" stroke="var(--m)" stroke-width="4"/>
    <path d="M26 56c10 44 58 44 68 0-10 18-58 18-68 0z" fill="var(--a)"/>
    <path d="M36 66c6 22 42 22 48 0" fill="none" stroke="#fdfaf3" stroke-width="5"/>
    <path d="M42 74c6 12 30 12 36 0" fill="none" stroke="var(--b)" stroke-width="4"/>
    <path d="M34 90l-3 8M46 94l-2 8M60 95v8M74 94l2 8M86 90l3 8" stroke="var(--b)" stroke-width="3" stroke-linecap="round"/>`,
  plates: `
    <ellipse cx="60" cy="88" rx="46" ry="14" fill="var(--b)"/>
    <ellipse cx="60" cy="80" rx="46" ry="14" fill="var(--a)"/>
    <ellipse cx="60" cy="72" rx="46" ry="14" fill="var(--b)"/>
    <ellipse cx="60" cy="64" rx="46" ry="14" fill="var(--a)"/>
    <ellipse cx="60" cy="56" rx="46" ry="14" fill="#fdfaf3"/>
    <ellipse cx="60" cy="56" rx="46" ry="14" fill="none" stroke="#5b86a0" stroke-width="3"/>
    <ellipse cx="60" cy="57" rx="28" ry="7" fill="var(--c)"/>`,
  bell: `
    <circle cx="60" cy="20" r="8" fill="none" stroke="var(--m)" stroke-width="5"/>
    <path d="M60 28c22 0 26 18 28 40 1 12 6 16 12 20H20c6-4 11-8 12-20 2-22 6-40 28-40z" fill="var(--a)"/>
    <path d="M48 34c-6 8-8 22-8 36 0 8-2 12-5 16" stroke="var(--c)" stroke-width="6" stroke-linecap="round" fill="none"/>
    <rect x="16" y="84" width="88" height="9" rx="4.5" fill="var(--b)"/>
    <circle cx="60" cy="98" r="7" fill="var(--m)"/>
    <path d="M60 104v10" stroke="#e4674c" stroke-width="4" stroke-linecap="round"/>`,
  boots: `
    <path d="M30 18h26v54c0 6 4 8 10 10l6 2c6 2 8 6 8 12v4H30z" fill="var(--b)"/>
    <path d="M48 18h26v54c0 6 4 8 10 10l10 3c6 2 8 5 8 11v4H48z" fill="var(--a)"/>
    <rect x="45" y="18" width="32" height="10" rx="4" fill="var(--c)"/>
    <path d="M46 98h58v8H46zM28 98h18v8H28z" fill="#f0b24a"/>
    <path d="M54 36v30" stroke="var(--c)" stroke-width="5" stroke-linecap="round" opacity=".7"/>`,
  chart: `
    <path d="m16 34 28-10 32 10 28-10v62L76 96 44 86 16 96z" fill="#fdfaf3"/>
    <path d="m44 24 32 10v62L44 86z" fill="var(--c)"/>
    <path d="M16 60c8-8 16 2 28-6s12-18 24-14 8 18 20 16 10-10 16-12v42L76 96 44 86 16 96z" fill="var(--a)" opacity=".75"/>
    <path d="M26 82c14-4 20-24 38-22 10 2 14 8 26 2" fill="none" stroke="#e4674c" stroke-width="3" stroke-dasharray="5 5" stroke-linecap="round"/>
    <path d="m88 58 6 6m0-6-6 6" stroke="#e4674c" stroke-width="4" stroke-linecap="round"/>
    <path d="m44 24v62M76 34v62" stroke="var(--b)" stroke-width="2" opacity=".5"/>`,
  box: `
    <path d="M18 52h84v42a6 6 0 0 1-6 6H24a6 6 0 0 1-6-6z" fill="var(--a)"/>
    <path d="M24 28h72l8 24H16z" fill="var(--b)"/>
    <path d="M32 34h56M30 42h60" stroke="var(--c)" stroke-width="3" opacity=".6"/>
    <path d="M18 64h10l-4-6h-6zM18 84h10l-4-6h-6zM102 64H92l4-6h6zM102 84H92l4-6h6z" fill="var(--b)"/>
    <rect x="52" y="46" width="16" height="20" rx="3" fill="#d9a441"/>
    <circle cx="60" cy="57" r="3" fill="#7b5614"/>`,
  anchor: `
    <circle cx="60" cy="22" r="9" fill="none" stroke="var(--m)" stroke-width="6"/>
    <path d="M60 31v70" stroke="var(--a)" stroke-width="9" stroke-linecap="round"/>
    <path d="M40 46h40" stroke="var(--a)" stroke-width="8" stroke-linecap="round"/>
    <path d="M24 70c4 22 18 31 36 31s32-9 36-31" fill="none" stroke="var(--a)" stroke-width="9" stroke-linecap="round"/>
    <path d="m14 80 10-18 14 14zM106 80 96 62 82 76z" fill="var(--b)"/>
    <path d="M57 40v52" stroke="var(--c)" stroke-width="2.5" stroke-linecap="round"/>`,
};

/** The drawing of a product on its tinted ground. */
export function picture(product, size = "") {
  const frame = document.createElement("div");
  frame.className = `picture tint-${product.tint} ${size}`.trim();
  frame.innerHTML = `<svg viewBox="0 0 120 120" role="img" aria-label="${product.name}">${DRAWINGS[product.art]}</svg>`;
  return frame;
}

/** The waves behind the headline. */
export function seascape() {
  const scene = document.createElement("div");
  scene.className = "seascape";
  scene.setAttribute("aria-hidden", "true");
  scene.innerHTML = `
    <svg viewBox="0 0 1200 360" preserveAspectRatio="xMidYMax slice">
      <circle cx="930" cy="150" r="74" fill="#f0b24a"/>
      <circle cx="930" cy="150" r="104" fill="#f0b24a" opacity=".22"/>
      <path d="M700 196l30-4 28-26 24 22 40-8 36 16h-158z" fill="#2c5a70"/>
      <path d="M1030 196c20-12 34-30 60-26s40 20 80 12l30 14z" fill="#2c5a70"/>
      <path d="M0 210c100-26 200 20 300 0s200-26 300 0 200 20 300 0 200-26 300 0v150H0z" fill="#3f7f86"/>
      <path d="M806 232l8-76 52 58-4 18zM806 232V146" fill="#fdfaf3" stroke="#8a5a33" stroke-width="4"/>
      <path d="M800 156l-34 62h34z" fill="#e4674c"/>
      <path d="M756 230h124c-6 18-20 26-40 26h-46c-20 0-32-8-38-26z" fill="#12344a"/>
      <path d="M0 254c100 24 200-22 300 0s200 24 300 0 200-22 300 0 200 24 300 0v106H0z" fill="#5fb3a8"/>
      <path d="M0 296c80-20 160 18 240 0s160-20 240 0 160 18 240 0 160-20 240 0 160 18 240 0v64H0z" fill="#8fcabf"/>
      <path d="M0 330c80 16 160-14 240 0s160 16 240 0 160-14 240 0 160 16 240 0 160-14 240 0v30H0z" fill="#f6f1e7"/>
    </svg>`;
  return scene;
}

/** The shop's mark beside its name. */
export function mark() {
  const image = document.createElement("span");
  image.className = "mark";
  image.innerHTML = `
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#12344a"/>
      <circle cx="21" cy="10" r="4" fill="#f0b24a"/>
      <path d="M4 19c4 0 4-3 8-3s4 3 8 3 4-3 8-3v9a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3z" fill="#5fb3a8"/>
    </svg>`;
  return image;
}

const ICONS = {
  search: '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 5 5"/>',
  heart: '<path d="M12 20S3.5 14.5 3.5 8.800A4.6 4.6 0 0 1 12 6.300a4.6 4.6 0 0 1 8.5 2.500C20.5 14.5 12 20 12 20z"/>',
  cart: '<path d="M4 5h2.500l2 11h9.500l2-8H7.2"/><circle cx="10" cy="20" r="1.3"/><circle cx="17" cy="20" r="1.3"/>',
  person: '<circle cx="12" cy="8" r="4"/><path d="M4.5 20c1-4.5 4-6.5 7.5-6.500s6.5 2 7.5 6.5"/>',
  truck: '<path d="M3 6h11v10H3zM14 10h4l3 3v3h-7z"/><circle cx="7.5" cy="17.5" r="1.8"/><circle cx="17" cy="17.5" r="1.8"/>',
  mend: '<path d="M4 20 15 9M14 4c3-2 7 2 5 5l-3 3-5-5z"/>',
  leaf: '<path d="M5 19c0-9 5-14 15-14 0 10-5 15-14 14M5 19c3-5 6-8 10-9"/>',
};

/** A line icon; it says nothing to a screen reader, its button does. */
export function icon(name) {
  const image = document.createElement("span");
  image.className = "icon";
  image.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
  return image;
}
