/*
 * HTML that is made to get a program past a sanitiser: the families of the OWASP collection, of
 * mutations by browsers, and of foreign content. What comes out is told exactly, and parsed once
 * more by somebody else.
 */
#include "services/html.h"

#include "base/limits.h"
#include "support/safe_html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *label, *body, *html;
	/* What gumbo 0.13 gives where 0.10 reads foreign content, or what is obsolete, in another
	 * way. */
	const char *newer;
} cases[] = {
	{ "script", "<script>alert(1)</script>x", "x" },
	{ "script with src", "<SCRIPT SRC=//evil/x.js></SCRIPT>x", "x" },
	{ "mixed case", "<ScRiPt>alert(1)</sCrIpT>x", "x" },
	{ "script in script", "<scr<script>ipt>alert(1)</scr</script>ipt>",
		"ipt&gt;alert(1)ipt&gt;" },
	{ "script with a slash", "<script/x>alert(1)</script>x", "x" },
	{ "script with a blank end", "<script>alert(1)</script >x", "x" },
	{ "script never closed", "a<script>alert(1)", "a" },
	{ "script half open", "a<script src=//evil/x.js?<b>", "a" },
	{ "script half open at the end", "a<script src=//evil/", "a" },
	{ "double angle", "<<script>alert(1);//<</script>x", "&lt;x" },
	{ "extraneous brackets", "<<SCRIPT>alert(\"x\");//\\<</SCRIPT>", "&lt;" },
	{ "script in a comment", "<!--><script>alert(1)</script>-->x", "--&gt;x" },
	{ "comment with a bang", "<!--x--!><img src=x onerror=alert(1)>", "<img src=\"x\" />" },
	{ "comment never closed", "a<!--<img src=x onerror=alert(1)>", "a" },
	{ "conditional comment", "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->x", "x" },
	{ "conditional comment of few", "<![if IE]><script>alert(1)</script><![endif]>x", "x" },
	{ "CDATA", "<![CDATA[<script>alert(1)</script>]]>x", "alert(1)]]&gt;x" },
	{ "processing instruction", "<?xml-stylesheet href=\"javascript:alert(1)\"?>x", "x" },
	{ "PHP", "<? echo('<scr)'; echo('ipt>alert(1)</script>'); ?>", "alert(1)'); ?&gt;" },
	{ "declaration", "<!DOCTYPE html [<!ENTITY x \"<script>\">]>&x;", "\"&gt;]&gt;&amp;x;" },
	{ "bogus end tag", "</p x=\"><script>alert(1)</script>\">x", "<p></p>x" },
	{ "end tag with a quote", "</a onmousemove=\"alert(1)\">x", "x" },
	{ "link: javascript", "<a href=\"javascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: mixed case", "<a href=\"JaVaScRiPt:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: blank ahead", "<a href=\" javascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: control characters ahead", "<a href=\"&#1;&#14; javascript:alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: tab", "<a href=\"jav\tascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: reference of a tab", "<a href=\"jav&#x09;ascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: line feed", "<a href=\"jav&#x0A;ascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: carriage return", "<a href=\"jav&#x0D;ascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: named tab", "<a href=\"java&Tab;script:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: named line feed", "<a href=\"java&NewLine;script:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: named colon", "<a href=\"javascript&colon;alert(1)\">x</a>", "<a>x</a>" },
	{ "link: decimal references",
		"<a "
		"href=\"&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)\">x<"
		"/a>",
		"<a>x</a>" },
	{ "link: decimal without semicolons",
		"<a "
		"href=\"&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#"
		"0000112&#0000116&#0000058alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: hexadecimal without semicolons",
		"<a "
		"href=\"&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: reference of NUL", "<a href=\"java&#0;script:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: control inside", "<a href=\"java&#1;script:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: form feed", "<a href=\"java&#12;script:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: every letter apart", "<a href=\"j\na\nv\na\ns\nc\nr\ni\np\nt\n:alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: vbscript", "<a href=\"vbscript:msgbox(1)\">x</a>", "<a>x</a>" },
	{ "link: livescript", "<a href=\"livescript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: mocha", "<a href=\"mocha:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: data text", "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>", "<a>x</a>" },
	{ "link: data SVG", "<a href=\"data:image/svg+xml;base64,PHN2Zz4=\">x</a>", "<a>x</a>" },
	{ "link: data without a type", "<a href=\"data:,x\">x</a>", "<a>x</a>" },
	{ "link: file", "<a href=\"file:///etc/passwd\">x</a>", "<a>x</a>" },
	{ "link: view-source", "<a href=\"view-source:javascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: feed", "<a href=\"feed:javascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: jar", "<a href=\"jar:http://x!/\">x</a>", "<a>x</a>" },
	{ "link: blob", "<a href=\"blob:https://x/y\">x</a>", "<a>x</a>" },
	{ "link: about", "<a href=\"about:blank\">x</a>", "<a>x</a>" },
	{ "link: filesystem", "<a href=\"filesystem:https://x/\">x</a>", "<a>x</a>" },
	{ "link: no-break space ahead", "<a href=\"&nbsp;javascript:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: wide space ahead",
		"<a href=\"\xE3"
		"\x80"
		"\x80"
		"javascript:alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: byte order mark ahead",
		"<a href=\"\xEF"
		"\xBB"
		"\xBF"
		"javascript:alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: soft hyphen inside", "<a href=\"java&shy;script:alert(1)\">x</a>", "<a>x</a>" },
	{ "link: percent", "<a href=\"javascript%3Aalert(1)\">x</a>",
		"<a href=\"javascript%3Aalert(1)\">x</a>" },
	{ "link: comment inside", "<a href=\"java/**/script:alert(1)\">x</a>",
		"<a href=\"java/**/script:alert(1)\">x</a>" },
	{ "link: comment behind",
		"<a "
		"href=\"javascript:/*--></title></style></textarea></script><svg/onload=alert(1)>*/"
		"\">x</a>",
		"<a>x</a>" },
	{ "link: wide letters",
		"<a href=\"\xEF"
		"\xBD"
		"\x8A"
		"\xEF"
		"\xBD"
		"\x81"
		"vascript:alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: overflowing reference", "<a href=\"&#x213BBBBBBBBB;javascript:alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: overflow to a j", "<a href=\"&#4294967402;avascript:alert(1)\">x</a>",
		"<a>x</a>" },
	{ "link: no quotes", "<a href=javascript:alert(1)>x</a>", "<a>x</a>" },
	{ "link: grave accents", "<a href=`javascript:alert(1)`>x</a>", "<a>x</a>" },
	{ "link: apostrophes", "<a href='javascript:alert(\"1\")'>x</a>", "<a>x</a>" },
	{ "link: white space around =", "<a href \n=\n javascript:alert(1)>x</a>", "<a>x</a>" },
	{ "link: slash between", "<a/href=javascript:alert(1)>x</a>", "<a>x</a>" },
	{ "link: href twice", "<a href=/ok href=javascript:alert(1)>x</a>",
		"<a href=\"/ok\">x</a>" },
	{ "link: href in upper case", "<A HREF=JAVASCRIPT:alert(1)>x</A>", "<a>x</a>" },
	{ "link: xlink:href", "<a xlink:href=javascript:alert(1)>x</a>", "<a>x</a>" },
	{ "link: formaction", "<button formaction=javascript:alert(1)>x</button>", "x" },
	{ "link: ping", "<a href=/ ping=javascript:alert(1)>x</a>", "<a href=\"/\">x</a>" },
	{ "link: area", "<map name=m><area href=javascript:alert(1)></map>x", "x" },
	{ "link: protocol-relative", "<a href=//evil/x>x</a>", "<a href=\"//evil/x\">x</a>" },
	{ "link: IP as a number", "<a href=http://1113982867/>x</a>",
		"<a href=\"http://1113982867/\">x</a>" },
	{ "link: IP in octal", "<a href=http://0102.0146.0007.00000223/>x</a>",
		"<a href=\"http://0102.0146.0007.00000223/\">x</a>" },
	{ "link: tab in http", "<a href=\"htt\tp://6\t6.0x7.147/\">x</a>",
		"<a href=\"http://66.0x7.147/\">x</a>" },
	{ "link: backslashes", "<a href=\"\\\\evil\\x\">x</a>", "<a href=\"\\\\evil\\x\">x</a>" },
	{ "image: javascript", "<img src=javascript:alert(1)>", "<img />" },
	{ "image: onerror", "<img src=x onerror=alert(1)>", "<img src=\"x\" />" },
	{ "image: onerror behind a slash", "<img/src=x/onerror=alert(1)>",
		"<img src=\"x/onerror=alert(1)\" />" },
	{ "image: onerror without blanks", "<img src='x'onerror=alert(1)>", "<img src=\"x\" />" },
	{ "image: onerror of references", "<img src=x onerror=\"&#97;lert(1)\">",
		"<img src=\"x\" />" },
	{ "image: default src", "<img src=# onmouseover=alert(1)>", "<img src=\"#\" />" },
	{ "image: empty src", "<img src= onmouseover=alert(1)>",
		"<img src=\"onmouseover=alert(1)\" />" },
	{ "image: malformed quotes", "<img \"\"\"><script>alert(1)</script>\">", "<img />\"&gt;" },
	{ "image: half open", "<img src=\"javascript:alert(1)\"", "" },
	{ "image: half open at the end", "<img src=x onerror=alert(1)//", "" },
	{ "image: dynsrc", "<img dynsrc=javascript:alert(1)>", "<img />" },
	{ "image: lowsrc", "<img lowsrc=javascript:alert(1)>", "<img />" },
	{ "image: style", "<img style=\"xss:expr/*x*/ession(alert(1))\">", "<img />" },
	{ "image: image", "<image src=x onerror=alert(1)>", "<img src=\"x\" />" },
	{ "image: vbscript", "<img src='vbscript:msgbox(1)'>", "<img />" },
	{ "image: srcset", "<img srcset='javascript:alert(1) 1x, /ok 2x'>",
		"<img srcset=\"/ok 2x\" />" },
	{ "image: srcset with data", "<img srcset='data:image/svg+xml,<svg onload=alert(1)> 1x'>",
		"<img />" },
	{ "image: data PNG", "<img src=data:image/png;base64,iVBORw0KGgo=>",
		"<img src=\"data:image/png;base64,iVBORw0KGgo=\" />" },
	{ "image: data PNG that is none",
		"<img src='data:image/png;base64,\"><script>alert(1)</script>'>", "<img />" },
	{ "image: data with SVG in disguise", "<img src='data:image/png,<svg onload=alert(1)>'>",
		"<img />" },
	{ "image: data of two types", "<img src='data:image/png;image/svg+xml;base64,x'>",
		"<img />" },
	{ "image: attributes of grave accents", "<img src=x alt=\"`` onerror=alert(1)\">",
		"<img src=\"x\" alt=\"`` onerror=alert(1)\" />" },
	{ "image: attribute with a line break", "<img src=x on\nerror=alert(1)>",
		"<img src=\"x\" />" },
	{ "image: handler unknown", "<img src=x onfuturething=alert(1)>", "<img src=\"x\" />" },
	{ "image: attribute with an angle", "<img src=x alt='<script>alert(1)</script>'>",
		"<img src=\"x\" alt=\"&lt;script&gt;alert(1)&lt;/script&gt;\" />" },
	{ "image: attribute with a quote", "<img src=x alt='\"onerror=alert(1) x=\"'>",
		"<img src=\"x\" alt=\"&quot;onerror=alert(1) x=&quot;\" />" },
	{ "body", "<body onload=alert(1) background=javascript:alert(1)>x", "x" },
	{ "html", "<html onclick=alert(1)>x", "x" },
	{ "bgsound", "<bgsound src=javascript:alert(1)>x", "x" },
	{ "layer", "<layer src=//evil/x>x</layer>", "x" },
	{ "link", "<link rel=stylesheet href=javascript:alert(1)>x", "x" },
	{ "style", "<style>@import'//evil/x.css';</style>x", "x" },
	{ "style with li",
		"<style>li{list-style-image:url('javascript:alert(1)')}</style><ul><li>x",
		"<ul><li>x</li></ul>" },
	{ "style that ends inside", "<style><!--</style><script>alert(1)</script>x", "x" },
	{ "style attribute", "<div style=\"background:url(javascript:alert(1))\">x</div>",
		"<div>x</div>" },
	{ "style with a binding", "<p style=\"-moz-binding:url(//evil/x.xml#x)\">x", "<p>x</p>" },
	{ "style with an expression", "<xss style=\"xss:expression(alert(1))\">x</xss>", "x" },
	{ "meta refresh", "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">x", "x" },
	{ "meta with data", "<meta http-equiv=refresh content=\"0;url=data:text/html;base64,x\">x",
		"x" },
	{ "meta cookie", "<meta http-equiv=Set-Cookie content=x>y", "y" },
	{ "UTF-7",
		"<head><meta http-equiv=content-type content='text/html; "
		"charset=UTF-7'></head>+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
		"+ADw-script+AD4-alert(1)+ADw-/script+AD4-" },
	{ "US-ASCII of 7 bits",
		"\xC2"
		"\xBC"
		"script\xC2"
		"\xBE"
		"alert(1)\xC2"
		"\xBC"
		"/script\xC2"
		"\xBE"
		"",
		"\xC2"
		"\xBC"
		"script\xC2"
		"\xBE"
		"alert(1)\xC2"
		"\xBC"
		"/script\xC2"
		"\xBE"
		"" },
	{ "base", "<base href=\"javascript:alert(1);//\">x", "x" },
	{ "object", "<object type=text/x-scriptlet data=//evil/x>x</object>", "x" },
	{ "object with classid",
		"<object classid=clsid:ae24fdae><param name=url "
		"value=javascript:alert(1)></object>x",
		"x" },
	{ "embed", "<embed src=//evil/x.swf allowscriptaccess=always>x", "x" },
	{ "embed with SVG", "<embed src=\"data:image/svg+xml;base64,PHN2Zz4=\">x", "x" },
	{ "applet", "<applet code=x codebase=//evil/>x</applet>", "x" },
	{ "iframe", "<iframe src=javascript:alert(1)></iframe>x", "x" },
	{ "iframe with srcdoc", "<iframe srcdoc='<script>alert(1)</script>'></iframe>x", "x" },
	{ "iframe with a handler", "<iframe src=# onmouseover=alert(1)>y</iframe>x", "x" },
	{ "frameset", "<frameset><frame src=javascript:alert(1)></frameset>x", "x" },
	{ "table background",
		"<table background=javascript:alert(1)><td background=javascript:alert(1)>x",
		"<table><tbody><tr><td>x</td></tr></tbody></table>" },
	{ "input image", "<input type=image src=javascript:alert(1)>x", "x" },
	{ "autofocus", "<input autofocus onfocus=alert(1)>x", "x" },
	{ "select autofocus", "<select autofocus onfocus=alert(1)></select>x", "x" },
	{ "textarea", "<textarea autofocus onfocus=alert(1)></textarea><script>alert(1)</script>x",
		"x" },
	{ "keygen", "<keygen autofocus onfocus=alert(1)>x", "x" },
	{ "form action", "<form action=javascript:alert(1)><input type=submit></form>x",
		"<div></div>x" },
	{ "isindex", "<isindex action=javascript:alert(1) type=image>x",
		"<div><hr />This is a searchable index. Enter search keywords: <hr /></div>x",
		"x" },
	{ "video poster", "<video poster=javascript:alert(1)>x</video>", "<video>x</video>" },
	{ "video source", "<video><source onerror=alert(1) src=javascript:x></video>",
		"<video><source /></video>" },
	{ "audio", "<audio src=javascript:x onloadstart=alert(1) autoplay>x</audio>",
		"<audio>x</audio>" },
	{ "track", "<video><track src=javascript:x oncuechange=alert(1)></video>",
		"<video><track /></video>" },
	{ "details", "<details open ontoggle=alert(1)>x</details>",
		"<details open=\"\">x</details>" },
	{ "marquee", "<marquee onstart=alert(1)>x</marquee>", "x" },
	{ "dialog", "<dialog open onclose=alert(1)>x</dialog>", "<div>x</div>" },
	{ "menuitem", "<menu><menuitem onclick=alert(1)>x</menuitem></menu>", "<ul>x</ul>" },
	{ "popover",
		"<button popovertarget=x>y</button><div popover id=x "
		"onbeforetoggle=alert(1)>z</div>",
		"y<div id=\"x\">z</div>" },
	{ "portal", "<portal src=javascript:alert(1)>x</portal>", "x" },
	{ "custom element", "<x-y is=x onclick=alert(1) tabindex=1 autofocus>x</x-y>", "x" },
	{ "contenteditable", "<div contenteditable onfocus=alert(1) accesskey=x>x</div>",
		"<div>x</div>" },
	{ "slot and is", "<div slot=x is=y part=z>x</div>", "<div>x</div>" },
	{ "cite", "<blockquote cite=javascript:alert(1)>x</blockquote>",
		"<blockquote>x</blockquote>" },
	{ "XML",
		"<xml id=x><i><b>&lt;img src=javas<!-- -->cript:alert(1)&gt;</b></i></xml><span "
		"datasrc=#x datafld=b></span>",
		"<i><b>&lt;img src=javascript:alert(1)&gt;</b></i><span></span>" },
	{ "XSS in time", "<t:set attributeName=innerHTML to='<script>alert(1)</script>'>x", "x" },
	{ "HTML+TIME",
		"<?xml:namespace prefix=t ns=urn:schemas-microsoft-com:time><?import namespace=t>x",
		"x" },
	{ "name that clobbers", "<a name=getElementById>x</a><img name=body src=x>",
		"<a id=\"getelementbyid\">x</a><img src=\"x\" />" },
	{ "id that clobbers", "<p id=getElementById>x</p><p id=__proto__>y</p>",
		"<p id=\"getelementbyid\">x</p><p id=\"proto\">y</p>" },
	{ "hidden", "<p hidden class='modal js-run' style=position:fixed>x", "<p>x</p>" },
	{ "template", "<template><script>alert(1)</script></template>x", "x" },
	{ "noscript", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>x",
		"<p title=\"&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;\">x</p>" },
	{ "target", "<a href=/ target=evil rel=opener>x</a>", "<a href=\"/\">x</a>" },
	{ "SVG onload", "<svg onload=alert(1)>x", "" },
	{ "SVG script", "<svg><script>alert(1)</script></svg>x", "x" },
	{ "SVG script of references", "<svg><script>&#97;lert(1)</script></svg>x", "x" },
	{ "SVG animate",
		"<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /><a "
		"id=x><text>y</text></a></svg>x",
		"x" },
	{ "SVG use",
		"<svg><use href=\"data:image/svg+xml,<svg id='x' onload='alert(1)'/>#x\"></svg>x",
		"x" },
	{ "SVG foreignObject",
		"<svg><foreignObject><iframe "
		"src=javascript:alert(1)></iframe></foreignObject></svg>x",
		"x" },
	{ "SVG set", "<svg><set attributeName=onmouseover to=alert(1)></svg>x", "x" },
	{ "SVG style", "<svg><style><img src=x onerror=alert(1)></style></svg>x", "x",
		"<img src=\"x\" />x" },
	{ "SVG with a break out", "<svg><p><style><!--</style><img src=x onerror=alert(1)>", "",
		"<p><img src=\"x\" /></p>" },
	{ "SVG CDATA", "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>x", "x" },
	{ "SVG desc", "<svg><desc><noscript></desc><img src=x onerror=alert(1)></svg>x", "" },
	{ "MathML",
		"<math href=javascript:alert(1)><maction actiontype=statusline#x "
		"xlink:href=javascript:alert(1)>y</maction></math>x",
		"x" },
	{ "MathML annotation",
		"<math><annotation-xml "
		"encoding=text/html><script>alert(1)</script></annotation-xml></math>x",
		"x" },
	{ "mutation by math and style",
		"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
		"onerror=alert(1)&gt;\">",
		"" },
	{ "mutation by svg and style",
		"<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "",
		"<p></p><img src=\"1\" />\"&gt;" },
	{ "mutation by nested forms",
		"<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
		"<div></div>" },
	{ "mutation by noembed",
		"<noembed><img title=\"</noembed><img src onerror=alert(1)>\"></noembed>x",
		"<img src=\"\" />\"&gt;x" },
	{ "mutation by xmp", "<xmp><p id=\"</xmp><img src=x onerror=alert(1)>\"></xmp>x",
		"<pre>&lt;p id=\"</pre><img src=\"x\" />\"&gt;x" },
	{ "mutation by noframes", "<noframes><p id=\"</noframes><img src=x onerror=alert(1)>\">x",
		"<img src=\"x\" />\"&gt;x" },
	{ "mutation by title", "<title><p id=\"</title><img src=x onerror=alert(1)>\">x",
		"<img src=\"x\" />\"&gt;x" },
	{ "mutation by textarea", "<textarea><p id=\"</textarea><img src=x onerror=alert(1)>\">x",
		"<img src=\"x\" />\"&gt;x" },
	{ "mutation by select", "<select><style></select><img src=x onerror=alert(1)></style>",
		"<img src=\"x\" />" },
	{ "mutation by plaintext", "<svg><plaintext><p></svg><img src=x onerror=alert(1)>",
		"<img src=\"x\" />", "<p><img src=\"x\" /></p>" },
	{ "mutation by a namespace", "<x xmlns=\"><iframe onload=alert(1)\">y</x>", "y" },
	{ "mutation by a grave accent", "<p title=\"`onmouseover=alert(1)\">x",
		"<p title=\"`onmouseover=alert(1)\">x</p>" },
	{ "mutation by a list of tables",
		"<table><a href=x><tr><style></table></style><img src=x onerror=alert(1)>",
		"<a href=\"x\"></a><a href=\"x\"><img src=\"x\" "
		"/></a><table><tbody><tr></tr></tbody></table>" },
	{ "mutation by caption",
		"<table><caption><svg><caption></table><style><img src=x onerror=alert(1)></style>",
		"<table><caption></caption></table>" },
	{ "mutation by option",
		"<option><style></option></select><img src=x onerror=alert(1)></style>", "" },
	{ "text that would be markup", "&lt;script&gt;alert(1)&lt;/script&gt;",
		"&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "text twice escaped", "&amp;lt;script&amp;gt;", "&amp;lt;script&amp;gt;" },
	{ "attribute that would be markup", "<p title=\"&lt;script&gt;\">x",
		"<p title=\"&lt;script&gt;\">x</p>" },
	{ "quote by a reference", "<p title=\"&quot; onclick=alert(1) x=&quot;\">x",
		"<p title=\"&quot; onclick=alert(1) x=&quot;\">x</p>" },
	{ "angle by a number", "&#60;script&#62;alert(1)&#60;/script&#62;",
		"&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "angle by many zeros", "&#x000000000000000000003C;script>", "&lt;script&gt;" },
	{ "overlong angle", "&#xC0BC;script>",
		"\xEC"
		"\x82"
		"\xBC"
		"script&gt;" },
	{ "a NUL by a number", "<scr&#0;ipt>alert(1)</script>", "alert(1)" },
	{ "vertical tab in a tag",
		"<script\x0B"
		">alert(1)</script>x",
		"", "alert(1)x" },
	{ "form feed in a tag", "<img\fsrc=x\fonerror=alert(1)>", "<img src=\"x\" />" },
	{ "slash in a name", "<img/onerror/=alert(1) src=x>", "<img src=\"x\" />" },
	{ "digits in a name", "<1script>alert(1)</1script>", "&lt;1script&gt;alert(1)" },
	{ "bracket in an attribute", "<p a>b=\"><script>alert(1)</script>", "<p>b=\"&gt;</p>" },
	{ "equals ahead", "<img =onerror=alert(1) src=x>", "<img src=\"x\" />" },
	{ "tag with a quote", "<p\"onclick=alert(1)>x", "x" },
	{ "only an angle", "<", "&lt;" },
	{ "an angle and a slash", "</", "&lt;/" },
	{ "attribute never closed", "<p title=\"<script>alert(1)</script>", "" },
};

static void check(const char *body, const char *html, const char *newer)
{
	struct arena arena;
	struct error err;
	char text[256];
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	post.body = (char *)(uintptr_t)body;
	assert_int_equal(html_render(&arena, &post, &err), CODE_OK);
	if (html != NULL && (newer == NULL || strcmp(post.html, newer) != 0))
		assert_string_equal(post.html, html);
	if (!is_safe_html(post.html, text, sizeof text))
		fail_msg("%s\n%s\n%s", body, post.html, text);
	arena_done(&arena);
}

static void test_alone(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		check(cases[i].body, cases[i].html, cases[i].newer);
	}
}

/* In places where a parser reads on in another state. */
static void test_in_context(void **state)
{
	static const struct {
		const char *before, *after;
	} contexts[] = { { "<p>a ", " b</p>" }, { "<table><tr><td>", "</table>" },
		{ "<table>", "</table>" }, { "<svg>", "</svg>" }, { "<math><mtext>", "</math>" },
		{ "<select><option>", "</select>" }, { "<svg><desc>", "</svg>" },
		{ "<svg><style>", "</style></svg>" },
		{ "<math><annotation-xml encoding=text/html>", "</math>" },
		{ "<template>", "</template>" }, { "<noscript>", "</noscript>" },
		{ "<xmp>", "</xmp>" }, { "<a href='", "'>x</a>" }, { "<img alt=\"", "\">" },
		{ "<!--", "-->" }, { "<p title=", ">" }, { "<b><i>", "</b></i>" },
		{ "<pre>", "</pre>" }, { "<form><button>", "</form>" },
		{ "<textarea>", "</textarea>" } };
	for (size_t c = 0; c < sizeof contexts / sizeof *contexts; c++) {
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char body[1024];
			snprintf(body, sizeof body, "%s%s%s", contexts[c].before, cases[i].body,
				contexts[c].after);
			check(body, NULL, NULL);
		}
	}
}

/* Each checked against each: the start of one and the end of another. */
static void test_in_pairs(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
			char body[1024];
			snprintf(body, sizeof body, "%s%s", cases[i].body, cases[j].body);
			check(body, NULL, NULL);
		}
	}
}

/* So that a check that lets everything pass is seen. */
static void test_that_the_check_finds_something(void **state)
{
	static const struct {
		const char *html, *wrong;
	} bad[] = {
		{ "<script></script>", "there is a <script>" },
		{ "<svg></svg>", "foreign" },
		{ "<p onclick=\"x\">a</p>", "has the attribute onclick" },
		{ "<a href=\"javascript:x\">a</a>", "has the address javascript:x" },
		{ "<a href=\"java&#9;script:x\">a</a>", "has the address java" },
		{ "<a href=\"data:image/png;base64,x\">a</a>", "has the address data:" },
		{ "<img srcset=\"/a 1x, javascript:x 2x\" />", "has the address javascript:x" },
		{ "<p>a", "no end of p" },
		{ "a > b", "a bare '>'" },
		{ "<!-- x -->", "no tag" },
		{ "<p id=\"a\"></p><p id=\"a\"></p>", "twice" },
		{ "<p id=\"A\"></p>", "id A" },
		{ "<a target=\"_blank\">a</a>", "noopener" },
		{ "\x01", "control character" },
		{ "<p style=\"x\"></p>", "attribute style" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[256] = "";
		print_message("%s\n", bad[i].html);
		assert_false(is_safe_html(bad[i].html, text, sizeof text));
		assert_non_null(strstr(text, bad[i].wrong));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_in_context),
		cmocka_unit_test(test_in_pairs),
		cmocka_unit_test(test_that_the_check_finds_something),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
