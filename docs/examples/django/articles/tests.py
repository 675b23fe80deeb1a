"""``manage.py test``: what the database says, the search says."""

import tempfile
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.db import transaction
from django.test import TransactionTestCase, override_settings

from articles.models import Article
from articles.search import index
from vnsearch import Index, IndexLockedError

DAY = "2024-02-01"


class SearchTests(TransactionTestCase):
    """Each test has an empty database and an empty index; transactions are committed, as on the site."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(VNSEARCH_INDEX=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        index.cache_clear()
        self.addCleanup(lambda: (index().close(), index.cache_clear()))

    def found(self, query):
        return [int(hit.id) for hit in index().search(query)]

    def test_saving_and_deleting_change_the_index(self):
        article = Article.objects.create(title="Thôn họp bàn đắp đê", body="Bà con góp công.", published=DAY)
        self.assertEqual(self.found("dap de"), [article.pk])
        article.title = "Thôn trồng tre"
        article.save()
        self.assertEqual((self.found("đắp đê"), self.found("trong tre")), ([], [article.pk]))
        article.delete()
        self.assertEqual(len(index()), 0)

    def test_what_is_rolled_back_is_not_indexed(self):
        try:
            with transaction.atomic():
                Article.objects.create(title="Tin chưa chắc", published=DAY)
                raise InterruptedError
        except InterruptedError:
            pass
        self.assertEqual(self.found("tin chưa chắc"), [])

    def test_an_index_that_cannot_be_written_fails_no_save(self):
        with mock.patch.object(Index, "add", side_effect=IndexLockedError("busy")), self.assertLogs("django.db"):
            article = Article.objects.create(title="Lễ hội đua ghe", published=DAY)
        self.assertEqual(self.found("dua ghe"), [])
        call_command("index_articles", stdout=StringIO())
        index().refresh()
        self.assertEqual(self.found("dua ghe"), [article.pk])

    def test_the_command_brings_all_in_step(self):
        kept, gone = (Article.objects.create(title=title, published=DAY) for title in ("Chợ quê họp", "Chợ nổi họp"))
        Article.objects.filter(pk=gone.pk)._raw_delete("default")  # these three send no signals
        Article.objects.filter(pk=kept.pk).update(title="Chợ phiên họp")
        (new,) = Article.objects.bulk_create([Article(title="Chợ đêm họp", published=DAY)])
        told = StringIO()
        call_command("index_articles", stdout=told)
        self.assertEqual(told.getvalue(), "1 added, 1 updated, 1 deleted; 2 articles now\n")
        index().refresh()
        self.assertEqual(sorted(self.found("họp")), [kept.pk, new.pk])
        self.assertEqual(self.found("cho phien"), [kept.pk, new.pk])
        call_command("index_articles", rebuild=True, stdout=told)
        self.assertIn("2 added, 0 updated, 0 deleted; 2 articles now", told.getvalue())

    def test_the_page_shows_marks_pages_and_a_suggestion(self):
        call_command("loaddata", "articles", verbosity=0)
        page = self.client.get("/", {"q": "hop dan lam duong"})
        self.assertContains(page, "<mark>họp dân</mark> bàn <mark>làm đường</mark>")
        self.assertContains(page, ">họp dân làm đường</a>?")
        self.assertContains(page, "/bai/2/")
        first, second = (self.client.get("/", {"q": "họp", "page": number}) for number in (1, 2))
        self.assertContains(first, "q=h%E1%BB%8Dp&amp;page=2")
        self.assertContains(second, "q=h%E1%BB%8Dp&amp;page=1")
        shown = [[hit["article"].pk for hit in page.context["page"]] for page in (first, second)]
        self.assertEqual(len({*shown[0], *shown[1]}), len(shown[0]) + len(shown[1]))
        self.assertEqual(self.client.get("/", {"q": "họp", "page": "cuối"}).status_code, 200)
        self.assertContains(self.client.get("/"), "Tìm")

    def test_hostile_text_is_shown_as_text(self):
        Article.objects.create(title="Tin <script>x</script>", body='Họp "><img onerror=x>', published=DAY)
        page = self.client.get("/", {"q": "họp tin <script>"})
        self.assertContains(page, "&lt;script&gt;")
        self.assertNotContains(page, "<script")
        self.assertNotContains(page, "<img")
