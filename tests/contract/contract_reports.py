"""The reports of the contract tests, written by us in the manner of what is really out there.

Boilerplate and captions among the text, bylines, dates in odd forms, tones on either letter of *oa*, *uy*, a typing slip here and
there, a page in NFD, the look-alike of Đ that old keyboards gave.
"""

from __future__ import annotations

import datetime as dt
import unicodedata

from vnsearch import Report


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


HANOI = dt.timezone(dt.timedelta(hours=7))

NEWS = [
    Report(
        "khen-thuong.txt",
        "Quận uỷ Đông Hải: Khen thưởng 12 tập thể trong phong trào dân vận khéo",
        "(BĐH) - Sáng 13/12, Quận uỷ Đông Hải tổng kết công tác dân vận năm 2019.\n\nẢnh: Hiền Mai\n\nNăm qua, các phường thực"
        " hiện tốt Quy chế dân chủ (QCDC) ở cơ sở; 99,15% số hộ đăng ký gia đình văn hoá. Quận uỷ tặng giấy khen cho 12 tập thể"
        " và 25 cá nhân.\n\nTrần Lê\n\nLượt xem: 1.204",
        "2019-12-13",
        "Báo Đông Hải",
        "Trần Lê",
        "Chính trị",
        "https://example.org/khen-thuong?id=7&x=1",
        {"district": ["Đông Hải"], "page": 1},
    ),
    Report(
        "nghi-quyet.txt",
        "Quận ủy Đông Hải ra nghị quyết về đô thị văn minh",
        "Quận ủy Đông Hải vừa ra nghị quyết xây dựng đô thị văn minh, giao các phường làm ngay trong tháng 1/2020. Theo nghị quyết,"
        " mỗi tuyến phố giữ vỉa hè thông thoáng, không lấn chiếm.\n\nBình luận (0)",
        dt.date(2020, 1, 15),
        "Báo Đông Hải",
        "Trần Lê",
        "Chính trị",
        None,
        {"district": ["Đông Hải", "Tây Hồng"], "page": 2},
    ),
    Report(
        "tiep-dan.txt",
        "Thông báo lịch tiếp công dân của UBND xã Phước Tân",
        "Ủy ban nhân dân xã Phước Tân thông báo lịch tiếp công dân: sáng thứ Năm hằng tuần, tại bộ phận một cửa. Đơn thư gửi qua"
        " bưu điện được trả lời trong 10 ngày.\n\nChủ tịch: Lê Văn Sáu",
        dt.datetime(2020, 3, 2, 7, 30, tzinfo=HANOI),
        "Cổng xã Phước Tân",
        None,
        "Hành chính",
        None,
        {"district": "Phước Tân"},
    ),
    Report(
        "duong-lang.txt",
        "Làm đường làng bằng bê tông",
        "Thôn Thượng hiến đất làm đường làng. Con đường mới rộng bốn mét, đổ bê tông, xe tải nhỏ đi lọt, trẻ em đến trường khỏi lội bùn."
        "\n\nẢnh: Con đường mới của thôn Thượng. (Nguồn: xã)",
        "2020-06-15",
        "Báo Sông Lam",
        "Hà An",
        "Nông thôn",
        None,
        {"district": ["Phước Tân"], "page": 3},
    ),
    Report(
        "ong-duong.txt",
        "Ông Dương và vườn cam",
        "Ông Dương trồng cam đã hai mươi năm. Vườn cam của ông Dương năm nào cũng sai quả, thương lái đến tận nơi mua với giá"
        " 25.000 đồng/kg.",
        "2020-07-20",
        "Báo Sông Lam",
        "Hà An",
        "Nông nghiệp",
    ),
    Report(
        "dang-bo.txt",
        "Ðảng bộ xã Phước Tân đại hội nhiệm kỳ 2020-2025",
        "Ðảng bộ xã Phước Tân tổ chức đại hội. Ðồng chí bí thư trình bày báo cáo chính trị; 120 đảng viên dự.",
        "2020-08-30",
        "Cổng xã Phước Tân",
        None,
        "Chính trị",
        None,
        {"district": ["Phước Tân"]},
    ),
    Report(
        "thu-vien.txt",
        nfd("Khai trương thư viện phường Bến Tre"),
        nfd(
            "Thư viện phường mở cửa cả buổi tối. Học sinh mượn sách miễn phí, người già đọc báo tại chỗ.\n\nẢnh: Phòng đọc của thư viện"
        ),
        "2020-09-02T19:00",
        nfd("Tin Giáo dục"),
        None,
        "Giáo dục",
    ),
    Report(
        "ho-so.html",
        "Giải quyết 98.510 hồ sơ trên môi trường mạng",
        "Toàn quận tiếp nhận 98.510 hồ sơ, trong đó 99,15% đúng hạn. Việc số hoá thực hiện theo Quyết định số 45/2022/QĐ-UBND, từ"
        " ngày 26 tháng 12 năm 2022.",
        "2022-12-28",
        "Tin Đô thị",
        "Minh Đức",
        "Hành chính",
        None,
        {"district": "Tây Hồng", "page": 1},
    ),
    Report(
        "lu-quet.txt",
        "Lũ quét cuốn trôi cầu treo ở Nậm Pha",
        "Rạng sáng 3-8, lũ quét cuốn trôi cầu treo dài sáu mươi mét, thiệt hại nghiêm trong. Bộ đội cùng bà con dựng cầu tạm,"
        " chở học sinh qua suối.\n\nTTXVN",
        "2021-08-03",
        "Báo Sông Lam",
        None,
        "Thời sự",
        None,
        {"district": ["Nậm Pha"], "page": 1},
    ),
    Report(
        "cho-noi.txt",
        "Chợ nổi họp lúc tờ mờ sáng",
        "Ghe xuồng chở đầy dưa hấu, khoai lang tụ về chợ nổi. Người bán treo hàng lên cây bẹo để mời khách. Chợ nổi tan khi nắng"
        " lên.\n\n>> Xem thêm: Du lịch miền sông nước",
        "2021-01-17",
        "Tin Du lịch",
        "Út Nhỏ",
        "Du lịch",
    ),
    Report(
        "ho-tieu.txt",
        "Giá hồ tiêu tăng, nông dân phấn khởi",
        "Giá hồ tiêu lên 1,2 triệu đồng một yến, gần gấp đôi vụ trước. Nhiều hộ giữ hàng chờ giá cao hơn nữa.",
        "2021-02-14",
        "Báo Sông Lam",
        None,
        "Nông nghiệp",
    ),
    Report(
        "bong-da.txt",
        "Đội bóng thiếu niên thắng trận chung kết",
        "Đội bóng thiếu niên huyện thắng trận chung kết 2-1 bằng loạt đá luân lưu. Thủ môn bắt được hai quả.\n\nẢnh: Vỡ oà",
        "2021-10-12",
        "Tin Thể thao",
        "Út Nhỏ",
        "Thể thao",
    ),
    Report(
        "toa-an.txt",
        "Toà án xử vụ tranh chấp đất",
        "Toà án huyện xét xử vụ tranh chấp đất giữa hai anh em. Sau khi hoà giải, đôi bên rút đơn.",
        "2022-08-08",
        "Báo Sông Lam",
        None,
        "Pháp luật",
    ),
    Report(
        "hoa-giai.txt",
        "Tổ hòa giải giữ yên xóm làng",
        "Tổ hòa giải gồm năm người lớn tuổi. Chuyện gì trong xóm, tổ hòa giải cũng đến từng nhà nghe trước rồi mới nói.",
        "2022-09-09",
        "Cổng xã Phước Tân",
        "Hà An",
        "Pháp luật",
        None,
        {"district": ["Phước Tân"], "page": 4},
    ),
    Report(
        "xe-buyt.txt",
        "Xe buýt điện chạy thử tuyến vành đai",
        "Xe buýt điện chạy êm, không khói. Hành khách quẹt thẻ trả tiền, người già được miễn vé. Tuyến đi qua TP.HCM và Bình Dương.",
        "2022-06-06",
        "Tin Đô thị",
        "Minh Đức",
        "Giao thông",
        None,
        {"district": "Tây Hồng"},
    ),
    Report(
        "kenh-thuy-loi.txt",
        "Nạo vét kênh thuỷ lợi trước mùa mưa",
        "Trạm thuỷ lợi số hai nạo vét kênh, khơi dòng cho nước về ruộng. Bà con góp công cùng làm, kỹ thuật viên hướng dẫn.",
        "2021-05-02",
        "Báo Sông Lam",
        None,
        "Nông nghiệp",
    ),
    Report(
        "hien-mau.txt",
        "Ngày hội hiến máu nhân đạo",
        "Hơn ba trăm người đến hiến máu từ sáng sớm. Ban tổ chức tặng giấy khen cho người hiến máu nhiều lần.",
        "2023-04-24",
        "Tin Y tế",
        "Minh Đức",
        "Y tế",
    ),
    Report(
        "hat-xam.txt",
        "Nghệ nhân hát xẩm truyền nghề",
        "Nghệ nhân tám mươi tuổi vẫn dạy hát xẩm cho lớp trẻ. Mỗi tối thứ bảy, tiếng nhị lại vang sân đình.",
        "2022-11-20",
        "Tin Du lịch",
        "Út Nhỏ",
        "Văn hóa",
    ),
    Report(
        "cup-dien.txt",
        "Thông báo lịch cúp điện",
        "Điện lực thông báo lịch cúp điện để sửa đường dây. Bà con chú ý tắt bếp từ, tủ đông. <b>Gọi 1900 & bấm 1</b>",
    ),
    Report("anh-hoang-hon", "Ảnh: hoàng hôn trên phá", "", "2023-06-26", "Tin Du lịch", None, "Du lịch"),
    Report("dau-cham", "… — !!!", "?!… ()", "2023-05-25", "Báo Sông Lam"),
]

#: The report that must come first, and what is asked for, in full.
WANTED = [
    ("khen-thuong.txt", "khen thưởng tập thể dân vận khéo"),
    ("nghi-quyet.txt", "nghị quyết đô thị văn minh"),
    ("tiep-dan.txt", "lịch tiếp công dân"),
    ("duong-lang.txt", "đường làng bê tông"),
    ("ong-duong.txt", "ông Dương vườn cam"),
    ("dang-bo.txt", "Đảng bộ xã đại hội"),
    ("thu-vien.txt", "thư viện phường mở cửa buổi tối"),
    ("ho-so.html", "hồ sơ trên môi trường mạng"),
    ("lu-quet.txt", "lũ quét cuốn trôi cầu treo"),
    ("cho-noi.txt", "chợ nổi tờ mờ sáng"),
    ("ho-tieu.txt", "giá hồ tiêu tăng"),
    ("bong-da.txt", "đội bóng thiếu niên"),
    ("toa-an.txt", "tòa án xử tranh chấp đất"),
    ("hoa-giai.txt", "tổ hòa giải xóm làng"),
    ("xe-buyt.txt", "xe buýt điện chạy thử"),
    ("kenh-thuy-loi.txt", "nạo vét kênh thủy lợi"),
    ("hien-mau.txt", "hiến máu nhân đạo"),
    ("hat-xam.txt", "nghệ nhân hát xẩm"),
    ("anh-hoang-hon", "hoàng hôn trên phá"),
]

#: Few words, so that one can say of every query which reports it finds.
LANGUAGE = [
    Report(
        "che", "Quy chế dân chủ ở cơ sở", "Thôn họp bàn quy chế dân chủ. Ai cũng góp ý.", "2023-01-01", "Báo A", "An"
    ),
    Report("chu", "Dân làm chủ", "Người dân vừa làm vừa chủ động giữ đê.", "2023-06-30", "Báo B", "Bình"),
    Report("dan", "Đàn chữ trên giấy", "Họa sĩ vẽ một đàn chữ. Chủ nhà là dân chài.", "2022-12-31", "Báo A", "An"),
    Report("chuan", "Quy chuẩn đê điều", "Quy chuẩn mới về đê, kè và cống.", "2023-12-31", "Báo C"),
    Report("quy", "Quý khách chờ tàu", "Nhà ga xin lỗi quý khách.", "2024-02-29", "báo b"),
    Report("lu", "Nước lũ lên nhanh", "Bà con họp, giữ đê suốt đêm. Đê chưa vỡ.", None, "Đài C", extra={"xã": "Hạ"}),
    Report("duong", "Ông Dương làm đường", "Ông Dương hiến đất.", "2023-05-17", "Đài C", "Bình", extra={"xã": "Hạ"}),
]

#: The same thing written in several ways.
FORMS = {
    "defines": "Tổ hợp tác xã sinh thái (THTXST) ra mắt sáng nay. Thành viên của THTXST góp vốn bằng đất.",
    "form": "Mô hình tổ hợp tác xã sinh thái được nhân rộng ở ba xã.",
    "short": "Có thêm hai THTXST ở xã bên.",
    "ubnd": "UBND xã ban hành kế hoạch.",
    "uyban": "Ủy ban nhân dân xã ban hành kế hoạch.",
    "tphcm-dots": "Đoàn công tác đến TP.HCM học tập.",
    "tphcm-full": "Đoàn công tác đến Thành phố Hồ Chí Minh học tập.",
    "dots": "Toàn quận có 98.510 hồ sơ.",
    "plain": "Toàn quận có 98510 hồ sơ.",
    "date-words": "Hội nghị họp ngày 26 tháng 12 năm 2023 tại trụ sở.",
    "date-slash": "Hội nghị họp 26/12/2023 tại trụ sở.",
    "date-dash": "Hội nghị họp 26-12-2023 tại trụ sở.",
    "money": "Kinh phí là 1,2 tỷ đồng từ ngân sách.",
    "money-digits": "Kinh phí là 1.200.000.000 đồng từ ngân sách.",
    "document": "Thực hiện Quyết định số 45/2022/QĐ-UBND của tỉnh.",
    "ky-y": "Lớp kỹ thuật trồng nấm.",
    "ky-i": "Lớp kĩ thuật trồng nấm.",
    "other": "Cùng ngày, lãnh đạo địa phương đã thăm hỏi và tặng quà các gia đình chính sách trên địa bàn.",
}

#: What is meant by slips and by keystrokes; each is there eight times, so that it is plainly what people write.
MEANT = {
    "rules": "Xã công bố quy chế dân chủ. Quy chế dân chủ ở cơ sở được người dân bàn bạc.",
    "congress": "Hội nghị trung ương ra nghị quyết về phát triển kinh tế. Nghị quyết được thông qua.",
    "road": "Con đường lớn nhất thành phố đang sửa. Đường sửa xong trong năm nay, thành phố cho biết.",
    "money": "Mỗi hộ được vay 5.000.000 đồng để nuôi tôm.",
    "lottery": "Trúng số hai tỷ mốt, không phải triệu mốt.",
    "english": "The test has passed. It has been a long test for the class, and the class has won.",
    "people": "Ông Trump gặp bà Merkel. Trùm phim cũ gặp lại khán giả, trùm phim nói lời cảm ơn.",
    "school": "Trường học mở cửa, học sinh tới trường đông đủ. Nước sạch về trường học.",
    "city": "Thanh niên tình nguyện dọn rác, thánh đường mở cửa, thanh tra vào cuộc.",
    "network": "Người dùng facebook lo lắng, facebook xin lỗi người dùng.",
}

#: What must come back as it was.
ODD = [
    Report("date", "Ngày", date=dt.date(2023, 12, 26)),
    Report("first day", date=dt.date.min),
    Report("last day", date=dt.date.max),
    Report("naive", date=dt.datetime(2023, 12, 26, 13, 44, 5, 123456)),
    Report("zone", date=dt.datetime(2023, 12, 26, 0, 30, tzinfo=HANOI)),
    Report("local mean time", date=dt.datetime(1900, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=25590)))),
    Report("first moment", date=dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14)))),
    Report("last moment", date=dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-12)))),
    Report(
        "extra",
        extra={
            "a": [1, 2.5, None, True, {"b": ["đ", {}]}],
            "ế": "\0",
            "": [],
            "a.b": {"c..d": 1, ".": 2},
            "big": "x" * 200_000,
            "null": None,
            "list": [],
            "map": {},
        },
    ),
    Report("numbers", extra={"n": [0, -0.0, 1.0, 1e300, 5e-324, 1 << 53, (1 << 63) - 1, -(1 << 63), 1 << 70, 0.1]}),
    Report("nested", extra={"deep": [[[[[[[[{"x": [{"y": [{}]}]}]]]]]]]]}),
    Report("mixed", extra={"same": [1, "1", 1.0, True, None, {"same": "1"}]}),
    Report("surrogates", "Tin \ud83d\ude00 mới", "\udc00thân \ud800 bài\ud83d", extra={"\ud800": "\udfff"}),
    Report("surrogate label", "Tin lạ", source="\ud83d\ude00", url="\ud800"),
    Report("nfd", "Hoa\u0300 gia\u0309i", "nga\u0323\u0306t"),
    Report("empty"),
    Report("only spaces", " \n\t", "\u200b\u00ad"),
    Report("punctuation", "…!?", "—«»"),
    Report("controls", "a\0b\x1b[31m", "\x00\x01\u202e\ufeff\r\n\u2028"),
    Report("emoji", "🙂🏽‍👩‍👩‍👧‍👦", "Cờ 🇻🇳 bay"),
    Report("long word", "a" * 100_000, "ế" * 70_000),
    Report("askable word", "b" * 9000, "Một chữ rất dài: " + "b" * 9000),
    Report("signs", "a|b a_b a|1 ~x~ term|freq", "|||| 1|2|3 __ ~0123456789abcdef0123456789abcdef"),
    Report("a/b c\\d:*?\"<>|'.toc"),
    Report("_doc"),
    Report("~id"),
    Report("."),
    Report(".."),
    Report("a,b#c?d=e%20f"),
    Report("xã Phước Tân"),
    Report(nfd("xã Phước Tân")),
    Report(" leading and trailing "),
    Report("\0"),
    Report("\U0001f600" * 3),
    Report("id " * 5000),
    Report("id " * 4999),
    Report("labels", source="a\0b", author="", category="x" * 70_000, url="https://x.vn/?a=b&c=d#e"),
    Report("label commas", source='["a", "b"]', author="a,b", category="null"),
]

#: Days around midnight, far from Greenwich: the calendar day is the one that is written.
DAYS = [
    ("early", dt.datetime(2020, 1, 2, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=14)))),
    ("none", None),
    ("2019", dt.date(2019, 12, 31)),
    ("last", dt.date.max),
    ("late", dt.datetime(2020, 1, 1, 23, 59, 59, 999999, tzinfo=dt.timezone(dt.timedelta(hours=-12)))),
    ("first", dt.date.min),
    ("2020", dt.date(2020, 1, 1)),
]
