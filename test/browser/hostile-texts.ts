/** Texts that would run, load or break out if they were ever taken for anything but text. */
export const HOSTILE_TEXTS: readonly string[] = [
  "<script>globalThis.hurt=1</script>",
  "<img src=x onerror=globalThis.hurt=1>",
  "<svg onload=globalThis.hurt=1>",
  '"><img src=x onerror=globalThis.hurt=1>',
  "' onmouseover='globalThis.hurt=1",
  "javascript:globalThis.hurt=1",
  "data:text/html,<script>globalThis.hurt=1</script>",
  "</title></style></textarea><script>globalThis.hurt=1</script>",
  "<iframe srcdoc='<script>parent.hurt=1</script>'>",
  "<math><mtext></p><style><img src=x onerror=globalThis.hurt=1>",
  "<a href=javascript:globalThis.hurt=1>x</a>",
  "{{constructor.constructor('globalThis.hurt=1')()}}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it must stay text.
  "${globalThis.hurt=1}",
  "<link rel=stylesheet href=https://elsewhere.example/x.css>",
  "<meta http-equiv=refresh content=0;url=https://elsewhere.example/>",
  "<base href=https://elsewhere.example/>",
  "<form action=https://elsewhere.example/><input name=x>",
  "\u202eevil\u202c BTC-USD",
  "&lt;img src=x onerror=globalThis.hurt=1&gt;",
  "\\u003cimg src=x onerror=globalThis.hurt=1\\u003e",
];
