"""The default channel group of Google Analytics 4: its channels, and the sites that they tell apart.

The rules themselves are `exporter/engine/duckdb/relations/channels.sql`.
"""

from __future__ import annotations

import re

DEFINITIONS = "2026-05"
"""The month of Google's definitions (Analytics Help, "Default channel group", manual traffic) that are followed."""

CHANNELS = (
    "Cross-network", "Paid Shopping", "Paid Search", "Paid Social", "Paid Video", "Display", "Paid Other",
    "Organic Shopping", "Organic Social", "Organic Video", "Organic Search", "Referral", "Email", "Affiliates", "Audio",
    "SMS", "Mobile Push Notifications", "Direct", "Unassigned",
)  # fmt: skip
"""In the order of Google's rules, of which the first that matches counts."""

PAID_CLICK_IDS = (
    "gclid", "gbraid", "wbraid", "msclkid", "yclid", "ttclid", "twclid", "li_fat_id", "ScCid", "rdt_cid",
)  # fmt: skip
"""Click ids that only ads have: without a medium, such a visit is cpc. Facebook's fbclid is on unpaid links, too."""

_SHOPPING = """
    alibaba aliexpress amazon amazon-adsystem checkout.stripe.com ebay etsy igshopping mercadolibre mercadolivre
    rakuten shop.app shopee shopify shopping.google.com shopping.naver.com shopping.yahoo.co.jp shopzilla temu.com
    walmart zalando
"""
_SOCIAL = """
    ameblo.jp answers.yahoo.com away.vk.com blog.naver.com blogger blogspot bsky.app cafe.naver.com chat.zalo.me
    deviantart digg discord disqus douban facebook fb flickr flipboard foursquare goodreads groups.google.com hatena
    ig instagram kakao kin.naver.com line line.me linkedin livejournal lnkd.in mastodon.social medium.com meetup
    messages.google.com messenger mixi.jp myspace netvibes nextdoor ning odnoklassniki ok.ru out.reddit.com pin.it
    pinterest plurk plus.google.com pocket quora qzone.qq.com redd.it reddit renren skype slack slashdot snapchat
    stackexchange stackoverflow t.co t.me telegram threads.com threads.net tiktok tripadvisor tumblr twitter typepad
    vk vkontakte wechat weibo whatsapp wordpress.com x.com xing yammer yelp zalo
"""
_VIDEO = """
    bilibili crackle curiositystream dailymotion disneyplus hulu iqiyi jwplayer netflix niconico nicovideo.jp rutube
    ted.com twitch utreon veoh viadeo vimeo wistia youku youtu.be youtube
"""
_SEARCH = """
    360.cn alice aol ask auone avg babylon baidu biglobe bing brave centrum.cz conduit daum dogpile duckduckgo
    ecosia eniro exalead excite globo go.mail.ru google google-play googlemybusiness kvasir lycos msn naver onet.pl
    qwant rambler sesam seznam so.com sogou startpage startsiden swisscows terra virgilio voila wp.pl yahoo yandex
"""


def _pattern(sites: str) -> str:
    """A regex for sources: a domain or what is below it, and a word under any top-level domain, or alone."""
    return rf"(?:^|\.)(?:{'|'.join(map(_site, sites.split()))})$"


def _site(site: str) -> str:
    return re.escape(site) + ("" if "." in site else r"(?:\.[a-z]{2,3}){0,2}")


SITES = {
    "shopping": _pattern(_SHOPPING),
    "social": _pattern(_SOCIAL),
    "video": _pattern(_VIDEO),
    "search": _pattern(_SEARCH),
}
"""The category of a site to the regex of its sources; the first that matches counts. Google's list has 800 sites; these
are its large ones, and a few that it lacks."""
