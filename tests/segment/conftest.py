"""pyvi itself, and Vietnamese to try it on."""

import warnings

import pytest

# In the manner of newspapers and government reports; written for these tests.
SENTENCES = [
    "Ủy ban nhân dân thành phố vừa ban hành quyết định thành lập đoàn kiểm tra liên ngành về an toàn thực phẩm.",
    "Sáng 12/3, ông Trần Văn Minh, Phó Chủ tịch UBND tỉnh Quảng Nam, đã đến thăm các hộ dân vùng ngập lụt.",
    "Theo báo cáo của Sở Nông nghiệp và Phát triển nông thôn, sản lượng lúa đạt 1.250.000 tấn, tăng 3,7% so với năm 2023.",
    "TP.HCM: Khởi công tuyến metro số 2 (Bến Thành - Tham Lương) dài hơn 11 km",
    "“Chúng tôi không thể chờ thêm được nữa”, bà Nguyễn Thị Hoa nói trong nước mắt...",
    "Giá vàng SJC sáng nay đứng ở mức 74,5 triệu đồng/lượng (mua vào) -> 76,5 triệu đồng/lượng (bán ra).",
    "Liên hệ: phongbaochi@sotttt.example.vn hoặc https://www.baochi.example.vn/tin-tuc?id=12&trang=3, ĐT: 0236.3.123.456.",
    "GS.TS. Lê Quang Vinh và ThS. Đỗ Thu Hà (ĐH Bách khoa Hà Nội) cùng Mr. John, Dr. Smith trình bày tham luận.",
    "Đội tuyển Việt Nam thắng Thái Lan 2-1 ở trận chung kết lượt về AFF Cup;",
    "Hàng nghìn học sinh lớp 12 trên cả nước bước vào kỳ thi tốt nghiệp trung học phổ thông.",
    "1. Mục đích, yêu cầu\n2. Nội dung thực hiện\n\n   a) Công tác tuyên truyền;\n   b) Công tác tổ chức.",
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;",
    "Bộ Công an đề nghị truy tố 15 bị can trong vụ án “Đưa hối lộ, nhận hối lộ” xảy ra tại Cục Đăng kiểm.",
    "Nhiều doanh nghiệp xuất khẩu thủy sản ở đồng bằng sông Cửu Long đang gặp khó khăn vì thiếu nguyên liệu!",
    "Hà Nội có mưa rào và dông vài nơi, nhiệt độ thấp nhất 25 - 27 độ C; trời nắng nóng trở lại từ thứ Năm?",
    "KẾ HOẠCH TRIỂN KHAI CÔNG TÁC PHÒNG CHỐNG THIÊN TAI VÀ TÌM KIẾM CỨU NẠN NĂM 2024",
    "quy che dan chu o co so, khong dau thi sao",
    "Anh ấy nói: 'Tôi sẽ trở lại' ==> cả làng vỗ tay >> rồi lặng đi.",
    "Công ty cổ phần Hoàng Anh Gia Lai (mã chứng khoán: HAG) công bố báo cáo tài chính hợp nhất quý I/2024.",
    "Bảo tàng Lịch sử quốc gia trưng bày gần 200 hiện vật gốm sứ thời Lý – Trần, nhiều món lần đầu ra mắt công chúng.",
    "Nghị định số 100/2019/NĐ-CP quy định xử phạt vi phạm hành chính trong lĩnh vực giao thông đường bộ và đường sắt.",
    "Ban Chấp hành Trung ương, Quốc hội, Chính phủ và Ủy ban Trung ương Mặt trận Tổ quốc Việt Nam",
    "Cơn bão số 9 giật cấp 15,16 , di chuyển theo hướng Tây Tây Bắc , mỗi giờ đi được 20 - 25 km .",
    "Bác sĩ khuyến cáo người dân tiêm vắc-xin, rửa tay xà-phòng và đeo khẩu trang nơi công cộng 😷👍🏽.",
    "Đ. T. H. (17 tuổi, trú tại xã Ia O, huyện Ia Grai) bị tạm giữ vì gây rối trật tự công cộng.",
    "ẢNH: Cảnh sát phòng cháy chữa cháy dập lửa tại chung cư mini phố Khương Hạ lúc 23h30'.",
]


@pytest.fixture(scope="session")
def pyvi_tokenizer():
    """pyvi's own tokenizer, whose import warns about its source and about the age of its model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyvi import ViTokenizer
    return ViTokenizer.ViTokenizer


@pytest.fixture(scope="session")
def pyvi_segment(pyvi_tokenizer):
    """What pyvi makes of a text."""
    return pyvi_tokenizer.tokenize


@pytest.fixture(params=SENTENCES, ids=lambda sentence: sentence[:24])
def sentence(request):
    return request.param


@pytest.fixture(scope="session")
def sentences():
    return SENTENCES
