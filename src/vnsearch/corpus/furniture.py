"""What Vietnamese news and government pages carry around a report, as patterns apart from the logic (that is ``page``).

Every pattern is written folded (no marks, lower case, single spaces) and must match a whole line: a phrase inside a
sentence is never furniture. The classes say what a line does, not only that it goes:

- ``DROP``     goes wherever it stands: image names, share bars, counters;
- ``COMMENTS`` opens the reader's corner: comment box, ratings, polls, visit counters. The report is over;
- ``IMPRINT``  opens the foot of the site: copyright, licence, editor. The report is over;
- ``LIST``     opens a list of other reports that stands after the report;
- ``INLINE``   opens a list of other reports that may stand in the middle of one;
- ``TAGS``     gives the key words, on its own line or on short ones behind it;
- ``WEAK``     is furniture in the tail or beside other furniture only: it could as well be a sub-heading.
"""

from __future__ import annotations

import re
from enum import Enum

__all__ = ["Furniture", "classify", "is_category", "is_masthead", "is_related_link"]


class Furniture(Enum):
    """What a line of furniture does."""

    DROP = "drop"
    COMMENTS = "comments"
    IMPRINT = "imprint"
    LIST = "list"
    INLINE = "inline"
    TAGS = "tags"
    WEAK = "weak"


_NUMBER = r"\(?\s?\d[\d.,]*k?\s?\)?"

# Bars are lines made of these phrases only, in any order, with separators and counts between them.
_BAR_PHRASES = """
chia se|chia se bai viet|chia se tin|chia se qua|chia se len|share|facebook|fb|twitter|x\\.com|zalo|zalo oa|messenger|viber|telegram|linkedin|
pinterest|whatsapp|skype|google\\+?|google plus|youtube|tiktok|instagram|lotus|rss|email|e-mail|gui email|gui mail|gui bai viet|gui cho ban be|gui tin|gui
tin qua email|in|in bai|in bai viet|in tin|in trang|in trang nay|in noi dung|ban in|ban de in|may in|print|save|luu|luu bai|luu bai viet|luu tin|da luu|
bookmark|danh dau|copy|copy link|copy lien ket|copy url|link|link bai viet|sao chep|sao chep lien ket|sao chep link|da sao chep|lay link|like|thich|yeu thich|tweet|
tang co chu|giam co chu|co chu|co chu lon|co chu nho|doi co chu|chu to|chu nho|kich thuoc chu|kich co chu|cho chu|font size|phong chu|xem co chu|xem voi co chu|mac dinh|
mau chu|a ?-|a ?\\+|\\+ ?a|- ?a|a|aa|a a a|nghe|nghe bai|nghe tin|nghe doc bai|nghe doc bai viet|nghe bai viet|nghe noi dung|nghe audio|nghe doc|nghe bao|doc bai|doc bai viet|
doc bao|doc noi dung|audio|play|pause|mute|tam dung|giong doc|giong nam|giong nu|giong mien bac|giong mien nam|giong mien trung|nu mien bac|nam mien bac|nu mien nam|
nam mien nam|mien bac|mien nam|toc do|toc do doc|[0-2](?:[.,]\\d+)?x|do tuong phan|tuong phan|dang nhap|dang ky|dang xuat|tai khoan|theo doi|theo doi tren|theo doi chung toi|
theo doi bao|google news|bao loi|phan hoi|trang truoc|trang sau|quay lai|quay ve|tro lai|tro ve|ve trang truoc|len dau trang|ve dau trang|dau trang|
len top|tro len tren|back to top|back|top|refresh|reload|loading|dang tai|\\.\\.\\.|xem anh|xem anh lon|xem anh goc|phong to|phong to anh|toan man hinh|close|menu|
tim kiem|search|home|hotline|duong day nong|quang cao|advertisement|ads|tai ung dung|qr code|ma qr|tieng viet|english|vietnamese|vie|eng|vn|en|mobile|desktop|so do site|sitemap|so do trang|
skip to content|chuyen den noi dung chinh|toggle navigation|bo qua|0 gio|gui phan hoi|tat|tat \\[x\\]|\\[x\\]|chia se cong dong|mang xa hoi|cau hinh hien thi|xem them anh|tai ve|tai xuong|download|
gui bai|gui bai cong tac|in ra|luu bai viet nay|in bai viet nay|luot xem|luot doc|so lan xem|lan xem|tang tuong phan|giam tuong phan|khong tuong phan|luot thich|luot chia se|chon co chu|binh luan facebook
"""
_BAR_SEPARATORS = r"[\s|,/•·:;.–—()\[\]<>»«\-+\d]"
_BAR_STEP = re.compile(
    rf"{_BAR_SEPARATORS}*(?:"
    + "|".join(sorted(_BAR_PHRASES.replace("\n", "").split("|"), key=len, reverse=True))
    + rf")(?=$|{_BAR_SEPARATORS}){_BAR_SEPARATORS}*"
)

_DROP = """
(?:moi |ban |quy vi |doc gia )*(?:doc|xem|tham khao|tim hieu)(?: tiep| them)?(?: chi tiet)? (?:tai day|o day)
\\[?!?(?:(?:image|img|anh|hinh) ?\\d* ?[:.])? ?[^\\s/\\\\|]+(?: [^\\s/\\\\|]+){0,5}\\.(?:jpe?g|png|gif|webp|bmp|svg|jfif|heic|avif|tiff?|mp4|mp3)\\]?(?: ?\\([\\d.,]+ ?[km]?b\\))?
[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+
(?:(?:cac )?(?:file|tep|tai lieu|van ban) ?)?(?:tin )?(?:dinh|gui) kem(?: ?:.{0,120})?|tai (?:file|tep|tai lieu|van ban|mau|ve|xuong)(?: .{0,30})? (?:tai|o) day
[^\\s/\\\\|:]+(?: [^\\s/\\\\|:]+){0,5}\\.(?:pdf|docx?|xlsx?|pptx?|zip|rar)(?: ?\\([\\d.,]+ ?[km]?b\\))?
(?:https?://|www\\.)\\S+
(?:so |tong (?:so )?)?(?:luot|lan|nguoi) ?(?:xem|doc|truy cap|view|thich|chia se)(?: tin| bai| bai viet| trang)? ?[:\\-]? ?[\\d.,]*
(?:da xem|luot xem|views?|xem|doc|hits?|so lan doc|so lan xem|so lan duoc xem) ?[:\\-]? ?[(]?\\d[\\d.,]*k?[)]?(?: (?:lan|luot))?
[\\d.,]+k? (?:luot|lan)? ?(?:xem|doc|views?|thich|chia se|likes?|shares?|nguoi thich|nguoi xem|phut doc)
(?:doc|thoi gian doc) ?:? ?\\d+ phut(?: doc)?|\\d+ phut doc
xem ket qua ?: ?/? ?\\d*|binh thuong tuyet voi
(?:vua xong|hom qua|\\d+ (?:giay|phut|gio|ngay|tuan|thang|nam) truoc)
(?:nghe|audio|podcast).{0,25}\\d+:\\d\\d(?: ?/ ?\\d+:\\d\\d)?
[\\d:]+ ?/ ?\\d+:\\d\\d
theo doi .{2,50} (?:tren|qua) (?:google ?news|zalo|facebook|youtube|tiktok|telegram|cac nen tang.*|mang xa hoi).{0,30}
(?:chia se|gui) (?:bai viet|bai|tin|noi dung|trang)(?: nay)?(?: (?:len|qua|tren|toi|cho|den) .{2,40})?
(?:co chu|kich thuoc chu|font) ?:? ?(?:\\d+ ?(?:px|pt)?|[a+\\- ]+)*
(?:noi dung |thong tin )?quang cao
your browser does not support .*|trinh duyet .{0,20}khong ho tro .*
(?:nhan|bam|click|kich) (?:vao )?(?:day|nut|hinh|anh) (?:de|và).{2,60}
(?:trang chu|home|menu|tim kiem|search|dang nhap|dang ky|lien he quang cao|site map|so do site|thu dien tu|hop thu cong vu)
\\(0\\)|a-? ?a ?a\\+?
cong hoa xa hoi chu nghia viet nam doc lap.{0,5}tu do.{0,5}hanh phuc.{0,40}lien ket
"""

_COMMENTS = rf"""
{_NUMBER} ?(?:binh luan|y kien|phan hoi|comments?)(?: ve bai viet.*| cho bai viet.*| moi nhat)?
(?:tong (?:so )?)?(?:binh luan|y kien|comments?|phan hoi|thao luan|y kien binh luan) ?[:(\[]? ?{_NUMBER} ?[)\]]?
y kien (?:ban doc|doc gia|cua ban|binh luan|phan hoi|dong gop|nguoi dan)(?: ?\(?\d+\)?)?(?: ve bai viet.*)?
(?:gui|viet|them|dang|de lai|nhap|tat ca|xem|cac|hien thi) (?:cac |mot )?(?:binh luan|y kien|phan hoi|nhan xet)(?: (?:cua ban|moi|ve bai viet.*|bai viet.*|cua quy.*|tai day))?(?: ?\(\d+\))?
(?:luot|tong luot|tong so|so) (?:luot )?binh luan ?:? ?\d*
binh luan (?:cua ban(?: doc)?|cua doc gia|ban doc|bai viet|moi nhat|qua facebook|bang .{{2,30}}|ve bai viet.*)
(?:chua|hien chua) co (?:binh luan|y kien|phan hoi|nhan xet).{{0,40}}
hay (?:la nguoi dau tien|tro thanh nguoi).{{0,80}}
(?:nhap )?ma (?:xac (?:thuc|nhan)|bao (?:ve|mat|an toan)|an toan|captcha)(?: ?[:*(].*| khong dung.*| khong chinh xac.*| hop le.*)?|captcha|recaptcha.*
(?:ban |quy vi |ban doc |doc gia )?(?:vui long|can|phai|hay|xin|xin vui long|xin moi) (?:(?:nhap|dien|go|viet|su dung) (?:noi dung|ten|ho ten|email|dia chi email|ma|binh luan|y kien|tieng viet|it nhat|day du|thong tin)|dang nhap).*
(?:noi dung|y kien|binh luan|cau hoi)(?: binh luan)? cua (?:ban|quy vi|ban doc|doc gia) (?:se|da|dang) (?:duoc|bi|cho) (?:xet duyet|kiem duyet|bien tap|duyet|gui|hien thi|xoa|xem xet).*
dang nhap (?:de|voi|bang|qua) .{{2,50}}
quan tam nhat ?[|/•-]? ?(?:moi nhat)?|moi nhat ?[|/•-] ?(?:quan tam nhat|cu nhat)|sap xep (?:theo|binh luan).*
(?:ho (?:va )?ten|ten cua ban|ten hien thi|email cua ban) ?(?:\(?\*\)?|:)+.{{0,12}}
danh gia ?:|danh gia (?:bai viet|bai|tin|noi dung)(?: nay)?|danh gia (?:cua ban(?: ve .{{2,100}})?|trung binh.{{0,60}})|ban (?:danh gia|thay|nghi) (?:the nao |gi )?ve (?:bai viet|trang|website|cong|giao dien).{{0,90}}|(?:{_NUMBER} )?luot danh gia.{{0,60}}
(?:tong so diem cua bai|click de danh gia|hay danh gia|binh chon cho bai).{{0,90}}|(?:diem danh gia|xep hang) ?:.{{0,30}}|[\d.,]+ ?/ ?5(?: .{{0,40}})?|\d ?sao
{_NUMBER} (?:nguoi|phieu|luot) (?:da )?(?:binh chon|bau chon|tham gia).{{0,30}}|tham do (?:y kien|du luan).{{0,40}}|phieu tham do.*|xem ket qua
thong ke ?: ?{_NUMBER}|(?:thong ke|bo dem|so lieu) (?:so )?(?:luot )?(?:truy cap|website|trang).{{0,20}}
(?:so |tong |tong so )?(?:luot|nguoi|khach) ?(?:truy cap|online|dang online|truc tuyen|vieng tham|dang xem)(?: (?:trang|website|hom nay|trong ngay))? ?:? ?{_NUMBER}?
(?:dang |khach |so nguoi |thanh vien )*(?:truy cap|online|truc tuyen) ?:? ?{_NUMBER}(?: .{{0,30}})?|dang truy cap.{{0,12}}
(?:(?:truy cap )?(?:hom nay|hom qua|tuan nay|tuan truoc|thang nay|thang truoc|trong (?:ngay|tuan|thang)) ?:? ?{_NUMBER}[ /|-]*(?:tong(?: cong| so| truy cap| luot)? ?:? ?{_NUMBER})?)+
email cua ban se khong (?:duoc |bi )?(?:hien thi|cong khai).*|cac truong bat buoc.*|luu ten cua toi.*|(?:leave a (?:reply|comment)|cancel reply|please enter your|post comment|your email address).*|huy tra loi
(?:nhap )?ma ?: ?|nhap ma.{{0,20}}|tra loi(?: ?[|•·] ?.*)?|(?:thich|tra loi) (?:thich|tra loi|chia se).*|tra loi binh luan.*
"""

_IMPRINT = """
(?:©|\\(c\\) ?\\d|copyright|all rights? reserved).*
(?:toan bo )?ban quyen ?(?:©|20\\d\\d|\\(c\\)).*|(?:toan bo )?ban quyen (?:noi dung |website |trang (?:web |tin )?)?(?:thuoc(?: ve)?|cua) ?:? ?(?:bao|tap chi|cong|trang|dai|so|ubnd|uy ban|quan|huyen|tinh|thanh|phuong|dang|ttxvn|thong tan|website|\\S+\\.\\S+)\\b.*|.{0,60}(?:giu|nam giu) (?:toan bo )?ban quyen (?:noi dung|tren|website).*
[(*) ]*(?:nghiem cam|cam|khong|khong duoc)(?: moi hinh thuc)? (?:sao chep|tai ban|phat hanh lai|su dung lai|trich dan).*
[(*) ]*(?:vui long |de nghi |yeu cau |xin |phai )?ghi ro (?:nguon|dia chi|ten).*|(?:moi hanh vi |viec )?(?:su dung|phat hanh) lai (?:thong tin|noi dung).*
ban dang (?:doc|xem) (?:bai|tin|noi dung|chuyen muc).*|moi (?:thong tin|y kien|thac mac|phan anh)(?: (?:gop y|dong gop|phan hoi|chia se|va|phan anh|hop tac|lien quan))*,? ?(?:xin|vui long|quy|ban|doc gia|gui|lien he).*
(?:so )?giay phep (?:so|thiet lap|hoat dong|xuat ban|bao|trang|cua|mxh|mang).*|gp(?:xb|bc|tttdt)? ?(?:so)? ?:? ?\\d+.*
(?:co quan|don vi) chu quan ?:?.{0,100}|(?:co quan|don vi) (?:quan ly|van hanh|xay dung) ?:.{0,100}
(?:nguoi )?chiu trach nhiem (?:chinh|noi dung|quan ly|xuat ban|ve noi dung|bien tap)[^:.]{0,40} ?(?::|-|\\bong\\b|\\bba\\b|\\bdong chi\\b).{0,120}|(?:nguoi )?chiu trach nhiem (?:noi dung|xuat ban|chinh)
(?:pho |q\\. ?|quyen )?tong bien tap ?(?:phu trach)? ?[:.\\-].*|(?:pho |quyen )?tong bien tap|truong ban bien tap ?[:\\-].*
(?:toa soan|tru so(?: toa soan| chinh)?|van phong (?:dai dien|toa soan)) ?[:\\-].*
(?:thiet ke|phat trien|xay dung|van hanh|thiet ke va phat trien|powered|designed|developed)(?: va .{2,15})? (?:boi|by) ?:?.{2,80}
(?:ket noi|theo doi|lien he)(?: voi)? (?:chung toi|toa soan|voi toa soan|quang cao).{0,60}
"""

_LIST = """
(?:cac |nhung |mot so )?tin(?: tuc| bai|,? bai)?(?: viet)? (?:khac|da dua|da dang|moi(?: hon| nhat| dang| dua| cap nhat)?|cu(?: hon)?|tiep theo|truoc do|truoc|sau|tiep|nong|hot|nong trong ngay)
(?:cac |nhung )?bai(?: viet| dang)? (?:khac|moi(?: hon| nhat)?|cu(?: hon)?|tiep theo|truoc|sau|da dang|noi bat|doc nhieu|xem nhieu|truoc do)
(?:cac |nhung )?(?:(?:tin|bai|video|anh|noi dung|van ban)(?: tuc| viet| bai)? )?cung (?:chuyen muc|the loai|chu de|chuyen de|muc|loai|tac gia|su kien|danh muc|nguon)
(?:tin(?: tuc| bai)?|bai(?: viet)?)? ?(?:duoc )?(?:doc|xem|quan tam|binh luan) nhieu(?: nhat)?(?: (?:trong )?(?:ngay|tuan|thang|24h|hom nay))?
(?:tin|bai)(?: tuc| bai| viet)? (?:noi bat|tieu diem|chinh|doc nhieu(?: nhat)?|xem nhieu(?: nhat)?)(?: .{0,25})?
(?:dung|khong the|cho) bo (?:lo|qua)(?: .{0,20})?
(?:tin |bai )?dang (?:duoc )?(?:quan tam|doc nhieu)|co the (?:ban )?(?:se )?(?:quan tam|thich|muon doc)|ban (?:co the )?(?:se )?(?:quan tam|thich|muon doc)|de xuat cho ban|danh cho ban|goi y cho ban
(?:cac )?(?:lien ket|link)(?: (?:website|web|trang|trang web|nhanh|huu ich|ngoai|khac|lien quan))+|website lien ket|lien ket
thu vien (?:anh|hinh anh|video|van ban|media|phap luat)|van ban (?:moi|chi dao|phap quy|phap luat|moi ban hanh)|chuyen (?:muc|trang) khac
(?:tin |xem )?theo ngay ?:?.{0,12}|xem (?:tin )?theo ngay.{0,20}|moi cap nhat|tin moi nhan|tin tai tro|bai pr|tin tuc hom nay|tin (?:anh|video)
"""

_INLINE = """
(?:cac |nhung |mot so )?(?:tin|bai|noi dung|su kien|video|van ban)?(?: tuc| bai| viet|, bai)? ?(?:co )?lien quan(?: den bai viet)?
(?:doc|xem|tham khao|tim hieu)(?: tiep| them)(?: ve.{0,40}| tin| bai(?: viet)?)?|(?:moi )?(?:ban )?(?:doc|quy doc gia)? ?xem them|>+
"""

_ONE_LINE_RELATED = re.compile(
    r"[*>»›=►▶•+\- ]*(?:(?:moi |quy |ban |doc |gia |doc gia )*(?:xem|doc|tham khao|tim hieu)(?: them| tiep)|tin(?: bai)? lien quan|bai(?: viet)? lien quan|lien quan"
    r"|co the ban quan tam|moi (?:ban |quy vi |quy doc gia )?(?:xem|doc|don doc)|xem nhanh(?: \d+h)?)(?: (?:ve|tai|tin|bai|bai viet|chuyen muc))? ?: ?\S.{4,}"
    r"|(?:>{1,3}|»+|›+|=+>|►|▶) ?[^\s>].{8,}[^.:;,>]|\[(?!anh|hinh|video|audio|image|img)[^\[\]]{25,140}[^.\[\]]\]"
)
_TAGS = re.compile(
    r"(?:(?:tu khoa|tags?|the|nhan|keywords?|hashtags?|the tag)(?: lien quan| tim kiem| bai viet)? ?(?::.*|[#|].*)?|#[\w.]+(?:[ ,;|]+#[\w.]+)*)"
)
_TAGS_LABEL_ONLY = re.compile(r"(?:the|nhan)")  # too short to stand alone without a colon

_WEAK = """
binh luan|binh chon|bau chon|thong bao|noi bat|chu de(?: ?:.*)?|su kien(?: ?:.*)?|ket qua|danh gia|thong ke|lien he|gioi thieu|video(?:s|clip)?|hinh anh|anh|media|tien ich|moi nhat|quan tam nhat|y kien|phan hoi
podcast|infographics?|multimedia|e-?magazine|megastory|longform|rss|hot|tin tuc|van ban|tai lieu|su kien noi bat|tin nong|chuyen de|chuyen muc|dong su kien|tieu diem|thu vien|xem them
(?:dia chi|dien thoai|dt|tel|phone|fax|email|e-mail|website|hotline|duong day nong|zalo|facebook|fanpage|so dien thoai|toa soan|thuong truc) ?:.{0,160}
(?:tieu de|noi dung|ho (?:va )?ten|ten|dia chi email)[ :*()]*|gui|huy|huy bo|tra loi|thich|xac nhan|dong y|nhap lai|lam moi|ngon ngu|tat ca|khac|cu nhat|them
theo doi \\S+(?: \\S+)?
(?:(?:kinh |xin |than )?moi (?:ban|quy|doc gia|cac ban)|quy (?:vi|doc gia|ban doc)|(?:ban doc|doc gia) (?:co the|quan tam|muon)|hay|(?:xin )?vui long|dang ky)(?: .{2,40})? (?:doc gia|ban doc|gui (?:y kien|bai|thong tin|tin)|theo doi|dang ky|tai ung dung|tai app|lien he|phan anh|dat bao|don doc|xem|truy cap|binh luan|cai dat).{0,180}
(?:tat ca|tong(?: cong| so| truy cap| luot)?|nam nay) ?:? ?[\\d.,]+|0|100%|[\\d\\s.,|/:()%-]+|\\S|[^a-z\\s]{2}|<|>|<<|>>|«|»
"""

_CATEGORY = re.compile(
    r"(?:chinh tri|thoi su|xa hoi|kinh te|tin tuc|van hoa|giao duc|y te|suc khoe|phap luat|the gioi|quoc te|the thao|doi song|doi ngoai|ban doc|xay dung dang|quoc phong|an ninh|moi truong"
    r"|khoa hoc|cong nghe|du lich|giai tri|kinh doanh|do thi|nong thon moi|lao dong|viec lam|phong su|nhan ai|chuyen doi so|cai cach hanh chinh|dan van|dan toc|ton giao|mat tran|doan the|giao thong|bat dong san"
    r"|thanh nien|cong doan|phu nu|doanh nghiep|tai chinh|ngan hang|chung khoan|nong nghiep|ha noi|tp\.? ?hcm|trong nuoc|trong tinh|dia phuong|tin noi bat|tieu diem|nhip song|gioi tre|nha nuoc|chinh phu|quoc hoi)"
    r"(?:(?: ?[-–,&/|] ?| va | )(?:chinh tri|thoi su|xa hoi|kinh te|tin tuc|van hoa|giao duc|y te|suc khoe|phap luat|the gioi|quoc te|the thao|doi song|doi ngoai|ban doc|xay dung dang|quoc phong|an ninh|moi truong"
    r"|khoa hoc|cong nghe|du lich|giai tri|nghe thuat|chinh quyen|he thong chinh tri|su kien|quan|huyen|phuong|xa|tinh|thanh pho|tong hop|khac|hoat dong|noi bat|dao tao|dan toc|ton giao|thong tin|the che|cuoc song|hang ngay))*"
    r"|(?:tin|ban tin|hoat dong|goc|chuyen muc|chuyen trang|chuyen de) \S+(?: \S+){0,3}"
)
_MASTHEAD = re.compile(
    r"(?:cong|trang) (?:thong tin|ttdt|giao tiep)(?: dien tu)?(?: tong hop)?\b.{0,90}|(?:bao|tap chi)(?: dien tu)?(?: [^\s:,?!]+){1,4}(?: (?:dien tu|online))?(?: [-–|] .{3,90})?|(?:bao |tap chi )?.{0,30}dien tu"
    r"|(?:co quan|tieng noi|dien dan|chuyen trang)(?: ngon luan| trung uong)* (?:cua )?.{3,110}|(?:uy ban nhan dan|ubnd|dang bo|dang uy|quan uy|huyen uy|thanh uy|tinh uy|hoi dong nhan dan|hdnd|ubmttq|ban dan van|so|bo|cuc|vu|chi cuc) \S+(?: \S+){0,8}"
    r"|(?:chao mung|kinh chao|hotline|duong day nong)\b.{0,90}|\S+\.(?:gov\.)?(?:vn|com|net|org)(?:\.vn)?"
)


def _compile(table: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line})" for line in table.strip().split("\n")))


_WHOLE = tuple(
    (kind, _compile(table))
    for kind, table in (
        (Furniture.COMMENTS, _COMMENTS),
        (Furniture.IMPRINT, _IMPRINT),
        (Furniture.INLINE, _INLINE),
        (Furniture.LIST, _LIST),
        (Furniture.DROP, _DROP),
    )
)
_WEAK_LINE = _compile(_WEAK)
_TRIM = " \t:.>»›<«-–—|•·*▼▲►▶…+"


def classify(key: str) -> Furniture | None:  # noqa: PLR0911 - a ladder, the first step that holds decides
    """Return what a folded line does if it is wholly furniture, else None.

    >>> classify("tin lien quan:"), classify("ha.jpg"), classify("(0) binh luan")
    (<Furniture.INLINE: 'inline'>, <Furniture.DROP: 'drop'>, <Furniture.COMMENTS: 'comments'>)
    >>> classify("nguoi dan binh luan soi noi ve du thao nghi quyet.") is None
    True
    """
    if not any(c.isalnum() for c in key):
        return Furniture.DROP
    if len(key) > 260:
        return None
    if _ONE_LINE_RELATED.fullmatch(key) and len(key) < 200:
        return Furniture.DROP
    bare = key.strip(_TRIM)
    if _TAGS.fullmatch(key) and not _TAGS_LABEL_ONLY.fullmatch(bare):
        return Furniture.TAGS
    for kind, pattern in _WHOLE:
        if pattern.fullmatch(key) or (bare != key and bare and pattern.fullmatch(bare)):
            return kind
    if len(key) <= 160 and _is_bar(key):
        return Furniture.DROP
    return Furniture.WEAK if _WEAK_LINE.fullmatch(key) or _WEAK_LINE.fullmatch(bare) else None


def _is_bar(key: str) -> bool:
    # Phrase by phrase, the longest first and never back: some phrases are made of others.
    at = 0
    while at < len(key):
        match = _BAR_STEP.match(key, at)
        if match is None:
            return False
        at = match.end()
    return True


def is_related_link(key: str) -> bool:
    """Return whether a folded line is a link to one other report, which may stand anywhere.

    >>> is_related_link("xem them: thon dong mo hoi"), is_related_link("xem them")
    (True, False)
    """
    return _ONE_LINE_RELATED.fullmatch(key) is not None


def is_category(key: str) -> bool:
    """Return whether a folded line names a section of a site rather than a report.

    >>> is_category("chinh tri - xa hoi"), is_category("khen thuong 13 tap the")
    (True, False)
    """
    return len(key.split()) <= 7 and _CATEGORY.fullmatch(key.strip(_TRIM)) is not None


def is_masthead(key: str) -> bool:
    """Return whether a folded line looks like the name of a site or of its owner.

    >>> is_masthead("cong thong tin dien tu quan ba dinh")
    True
    """
    return len(key.split()) <= 20 and _MASTHEAD.fullmatch(key.strip(_TRIM)) is not None
